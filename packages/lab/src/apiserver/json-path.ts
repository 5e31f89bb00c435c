/** The part of JSONPath that printed columns of CustomResourceDefinitions use. */
import { isJsonObject } from "./kube-object.ts";

type Step =
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "all" }
  | { readonly kind: "filter"; readonly field: readonly string[]; readonly value: string };

/** The values at `.a.b`, `['a']`, `[0]`, `[*]`, `[?(@.type=="Ready")]`; undefined if the path is not understood. */
export function compileJsonPath(path: string): ((root: unknown) => unknown[]) | undefined {
  const steps = parse(path);
  if (steps === undefined) return undefined;
  return (root) => steps.reduce<unknown[]>((values, step) => values.flatMap((value) => take(value, step)), [root]);
}

const TOKEN =
  /\.((?:\\.|[^.[\]\\])+)|\['((?:\\.|[^'\\])+)'\]|\[(-?\d+)\]|\[(\*)\]|\[\?\(@((?:\.[\w-]+)+)\s*==\s*["']([^"']*)["']\)\]/y;

function parse(path: string): Step[] | undefined {
  const steps: Step[] = [];
  const text = path.startsWith(".") || path.startsWith("[") ? path : `.${path}`;
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < text.length;) {
    const found = TOKEN.exec(text);
    if (found === null) return undefined;
    const name = found[1] ?? found[2];
    if (name === "*") steps.push({ kind: "all" });
    else if (name !== undefined) steps.push({ kind: "field", name: name.replaceAll(/\\(.)/g, "$1") });
    else if (found[3] !== undefined) steps.push({ kind: "index", index: Number(found[3]) });
    else if (found[4] !== undefined) steps.push({ kind: "all" });
    else steps.push({ kind: "filter", field: found[5]!.slice(1).split("."), value: found[6]! });
  }
  return steps;
}

function take(value: unknown, step: Step): unknown[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  if (step.kind === "field") return isJsonObject(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : [];
  if (step.kind === "index") {
    const item = items.at(step.index);
    return item === undefined ? [] : [item];
  }
  if (step.kind === "all") return isJsonObject(value) ? Object.values(value) : [...items];
  return items.filter((item) => textAt(item, step.field) === step.value);
}

/** The scalar at a path of fields as text; undefined if there is none. */
export function textAt(value: unknown, path: readonly string[]): string | undefined {
  const found = at(value, path);
  return typeof found === "string" || typeof found === "number" || typeof found === "boolean"
    ? String(found)
    : undefined;
}

/** The value at a path of fields. */
export function at(value: unknown, path: readonly string[]): unknown {
  let here = value;
  for (const field of path) {
    if (!isJsonObject(here) || !Object.hasOwn(here, field)) return undefined;
    here = here[field];
  }
  return here;
}
