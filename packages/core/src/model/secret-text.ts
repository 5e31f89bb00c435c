import type { SecretText } from "./rows.ts";

const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** Wraps a secret so that printing, inspecting or serializing it shows `[redacted]`. */
class Redacted implements SecretText {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return "[redacted]";
  }

  toJSON(): string {
    return "[redacted]";
  }

  [INSPECT](): string {
    return "[redacted]";
  }
}

export function secretText(text: string): SecretText {
  return new Redacted(text);
}
