import { type ObjectRow, type Problem, type ProblemCode, sharedText } from "../model/index.ts";

/** An object as the API server gave it: nothing about it is known yet. */
export type KubeObject = Readonly<Record<string, unknown>>;

const MAX_PROBLEMS = 20;
const MAX_TEXT = 4096;
const MAX_ENTRIES = 500;
/** Names of objects and of ports (RFC 1123), which keys are put together from. */
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** Reads fields of an untrusted object, each wrong one noted with its path. */
export class Fields {
  readonly problems: Problem[] = [];

  note(code: ProblemCode, path: string, message: string): void {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push({ code, path, message });
  }

  object(value: unknown, path: string): KubeObject {
    if (value === undefined || value === null) return {};
    if (typeof value === "object" && !Array.isArray(value)) return value as KubeObject;
    this.note("Malformed", path, `expected an object, found ${kindOf(value)}.`);
    return {};
  }

  /** An array's items with their paths; at most `limit` of them. */
  list(value: unknown, path: string, limit: number): [item: unknown, path: string][] {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) {
      this.note("Malformed", path, `expected a list, found ${kindOf(value)}.`);
      return [];
    }
    if (value.length > limit)
      this.note("TooMany", path, `${value.length} items, of which the first ${limit} are used.`);
    return value.slice(0, limit).map((item, i) => [item, `${path}[${i}]`]);
  }

  /** The same texts of many objects are one copy. */
  text(value: unknown, path: string, limit = MAX_TEXT): string {
    return sharedText(this.ownText(value, path, limit));
  }

  /** A text that no other object has. */
  ownText(value: unknown, path: string, limit = MAX_TEXT): string {
    if (value === undefined || value === null) return "";
    if (typeof value !== "string") this.note("Malformed", path, `expected a text, found ${kindOf(value)}.`);
    else if (value.length <= limit) return value;
    else this.note("TooMany", path, `has ${value.length} characters; at most ${limit} are read.`);
    return "";
  }

  /** The name of an object or of a port; empty where there is none. */
  name(value: unknown, path: string): string {
    const text = this.text(value, path);
    if (text === "" || isName(text)) return text;
    this.note(
      "InvalidValue",
      path,
      `${shown(text)} is no name: names hold lower-case letters, digits, \`-\` and \`.\`.`,
    );
    return "";
  }

  texts(value: unknown, path: string, limit: number): string[] {
    return this.list(value, path, limit)
      .map(([item, at]) => this.text(item, at))
      .filter((text) => text !== "");
  }

  /** A row, with the problems that were noted if there are any. The rows of a kind look alike, which keeps them small. */
  finish<T extends ObjectRow>(row: T): T {
    return this.problems.length === 0 ? row : { ...row, problems: this.problems };
  }

  /** A map of texts, as labels and annotations are. */
  textMap(value: unknown, path: string): Record<string, string> {
    const map: Record<string, string> = {};
    const entries = Object.entries(this.object(value, path));
    if (entries.length > MAX_ENTRIES) {
      this.note("TooMany", path, `${entries.length} entries, of which the first ${MAX_ENTRIES} are used.`);
    }
    for (const [key, item] of entries.slice(0, MAX_ENTRIES)) map[key] = this.text(item, `${path}[${shown(key)}]`);
    return map;
  }

  /** A port number, or `undefined` with a problem noted. */
  port(value: unknown, path: string): number | undefined {
    if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65535) return value;
    this.note("InvalidValue", path, `expected a port from 1 to 65535, found ${shown(value)}.`);
    return undefined;
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value === "string" ? "text" : typeof value}`;
}

export function isName(text: string): boolean {
  return NAME.test(text);
}

/** What could act on a terminal, or hide in one. */
const UNPRINTABLE = /\p{C}/gu;

/** A value as it may stand in a message: short and printable, whatever was sent. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string") return kindOf(value);
  const head = value.length <= 60 ? value : `${value.slice(0, 50)}… (${value.length} characters)`;
  return `"${head.replace(UNPRINTABLE, (unit) => `\\u{${unit.codePointAt(0)!.toString(16)}}`)}"`;
}
