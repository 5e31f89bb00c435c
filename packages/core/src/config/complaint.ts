/** What the schema has against a configuration, in Carrick's own words: where, why, and what mends it. */
import type { z } from "zod";

export interface Complaint {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** An unknown key is said on the key itself; of a union, the complaints of the branch that fits best. */
export function complaints(issues: readonly z.core.$ZodIssue[], base: readonly PropertyKey[] = []): Complaint[] {
  return issues.flatMap((issue): Complaint[] => {
    const path = [...base, ...issue.path];
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: "is no setting of Carrick; check its spelling",
      }));
    }
    if (issue.code === "invalid_union" && issue.errors.length > 0) {
      const [best] = [...issue.errors].sort((a, b) => a.length - b.length);
      return complaints(best!, path);
    }
    return [{ path, message: sentence(issue) }];
  });
}

function sentence(issue: z.core.$ZodIssue): string {
  const { input } = issue;
  if (issue.code === "invalid_type") {
    const wanted = WANTED[issue.expected] ?? issue.expected;
    return input === undefined ? `is missing; give it ${wanted}` : `is ${shown(input)}; give it ${wanted}`;
  }
  if (issue.code === "too_big")
    return `${amount(issue.origin, input)}; ${limit("at most", issue.maximum, issue.origin)}`;
  if (issue.code === "too_small")
    return `${amount(issue.origin, input)}; ${limit("at least", issue.minimum, issue.origin)}`;
  if (issue.code === "invalid_value") return `is ${shown(input)}; choose ${issue.values.map(String).join(" or ")}`;
  if (issue.code !== "invalid_format") return issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  return issue.message.startsWith("must be")
    ? `${issue.message}, and is ${shown(input)}`
    : `is ${shown(input)}, which is no ${issue.format}; correct it`;
}

const WANTED: Readonly<Record<string, string>> = {
  object: "its settings, as docs/configuration.md shows",
  array: "a list",
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

function amount(origin: string, input: unknown): string {
  if (origin === "array" && Array.isArray(input))
    return input.length === 0 ? "is empty" : `has ${input.length} entries`;
  if (origin === "string" && typeof input === "string")
    return input === "" ? "is empty" : `has ${input.length} characters`;
  return `is ${shown(input)}`;
}

function limit(side: "at least" | "at most", bound: number | bigint, origin: string): string {
  if (origin === "array") return `give it ${side} ${bound} ${bound === 1 ? "entry" : "entries"}`;
  if (origin === "string") return `give it ${side} ${bound} ${bound === 1 ? "character" : "characters"}`;
  return `it may be ${bound} ${side}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 50)}…`;
}
