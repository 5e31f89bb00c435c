const inspect = Symbol.for("nodejs.util.inspect.custom");

/** A token, password or private key. Every way of printing it gives `[redacted]`; only `reveal()` gives the text. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The secret itself. Call it only where it goes into a connection or a process. */
  reveal(): string {
    return this.#text;
  }

  equals(other: Secret | undefined): boolean {
    return other !== undefined && other.#text === this.#text;
  }

  toString(): string {
    return "[redacted]";
  }

  toJSON(): string {
    return "[redacted]";
  }

  [inspect](): string {
    return "[redacted]";
  }
}
