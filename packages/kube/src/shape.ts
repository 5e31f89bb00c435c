/** Narrowing of parsed JSON and YAML, which is `unknown` until it is looked at. */

export type Fields = { readonly [field: string]: unknown };

/** The value's fields if it is an object that is neither null nor a list. */
export function fields(value: unknown): Fields | undefined {
  return isFields(value) ? value : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value if it is a text that is not empty. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The value's elements if it is a list, else none. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
