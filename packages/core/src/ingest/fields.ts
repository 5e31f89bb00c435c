import type { Problem, ProblemCode } from "../model/index.ts";

/** An object as the API server gave it: nothing about it is known yet. */
export type KubeObject = Readonly<Record<string, unknown>>;

const MAX_PROBLEMS = 20;

/** Reads fields of an untrusted object, each wrong one noted with its path. */
export class Fields {
  readonly problems: Problem[] = [];

  note(code: ProblemCode, path: string, message: string): void {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push({ code, path, message });
  }

  object(value: unknown, path: string): KubeObject {
    if (value === undefined || value === null) return {};
    if (typeof value === "object" && !Array.isArray(value)) return value as KubeObject;
    this.note("Malformed", path, `expected an object, found ${kindOf(value)}`);
    return {};
  }

  /** An array's items with their paths; at most `limit` of them. */
  list(value: unknown, path: string, limit: number): [item: unknown, path: string][] {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) {
      this.note("Malformed", path, `expected a list, found ${kindOf(value)}`);
      return [];
    }
    if (value.length > limit) this.note("TooMany", path, `${value.length} items, of which the first ${limit} are used`);
    return value.slice(0, limit).map((item, i) => [item, `${path}[${i}]`]);
  }

  text(value: unknown, path: string): string {
    if (value === undefined || value === null) return "";
    if (typeof value === "string") return value;
    this.note("Malformed", path, `expected a text, found ${kindOf(value)}`);
    return "";
  }

  texts(value: unknown, path: string, limit: number): string[] {
    return this.list(value, path, limit)
      .map(([item, at]) => this.text(item, at))
      .filter((text) => text !== "");
  }

  /** A map of texts, as labels and annotations are. */
  textMap(value: unknown, path: string): Record<string, string> {
    const map: Record<string, string> = {};
    for (const [key, item] of Object.entries(this.object(value, path))) map[key] = this.text(item, `${path}.${key}`);
    return map;
  }

  /** A port number, or `undefined` with a problem noted. */
  port(value: unknown, path: string): number | undefined {
    if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65535) return value;
    this.note("InvalidValue", path, `expected a port from 1 to 65535, found ${shown(value)}`);
    return undefined;
  }
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

/** A value as it may stand in a message: short, whatever was sent. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? `"${value}"` : `${JSON.stringify(value)}`;
  return text.length <= 60 ? text : `${text.slice(0, 50)}… (${text.length} characters)`;
}
