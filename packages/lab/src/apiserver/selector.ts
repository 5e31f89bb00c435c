/** Label and field selectors. */
import { ApiError } from "./api-error.ts";

export interface Selectable {
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly namespace: string | undefined;
  readonly name: string;
  /** Selectable fields of the kind, besides name and namespace. */
  readonly fields: Readonly<Record<string, string>> | undefined;
}

export type Selector = (object: Selectable) => boolean;

const LABEL_KEY = "[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?";
const SET = new RegExp(`^(${LABEL_KEY})\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const EQUALITY = new RegExp(`^(${LABEL_KEY})\\s*(==|=|!=)\\s*([-A-Za-z0-9_.]*)$`);
const EXISTS = new RegExp(`^(!?)\\s*(${LABEL_KEY})$`);

/** `a=b,c!=d,e in (f,g),h notin (i),j,!k`. Throws an `ApiError` with code 400. */
export function parseLabelSelector(text: string): Selector | undefined {
  const terms = splitTerms(text).map(labelTerm);
  if (terms.length === 0) return undefined;
  return (object) => terms.every((term) => term(object.labels ?? {}));
}

/** Commas inside parentheses belong to a set. */
function splitTerms(text: string): string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== "");
}

function labelTerm(term: string): (labels: Readonly<Record<string, string>>) => boolean {
  const exists = EXISTS.exec(term);
  if (exists !== null) {
    const wanted = exists[1] === "";
    return (labels) => Object.hasOwn(labels, exists[2]!) === wanted;
  }
  const equality = EQUALITY.exec(term);
  if (equality !== null) return membership(equality[1]!, [equality[4]!], equality[3] !== "!=");
  const set = SET.exec(term);
  if (set !== null) {
    const values = set[4]!.split(",").map((value) => value.trim());
    return membership(set[1]!, values, set[3] === "in");
  }
  throw new ApiError(400, `unable to parse requirement: labelSelector: "${term}" is no term of a label selector`);
}

/** A key that is not there satisfies `!=` and `notin`. */
function membership(key: string, values: readonly string[], wanted: boolean) {
  return (labels: Readonly<Record<string, string>>): boolean =>
    (Object.hasOwn(labels, key) && values.includes(labels[key]!)) === wanted;
}

/** `metadata.name=a,type!=b`. `fields` are the ones that the kind supports besides name and namespace. */
export function parseFieldSelector(text: string, fields: readonly string[]): Selector | undefined {
  const terms = text
    .split(",")
    .filter((term) => term !== "")
    .map((term) => fieldTerm(term, fields));
  if (terms.length === 0) return undefined;
  return (object) => terms.every((matches) => matches(object));
}

function fieldTerm(term: string, fields: readonly string[]): Selector {
  const parts = /^([^=!]+)(==|=|!=)(.*)$/.exec(term);
  if (parts === null) throw new ApiError(400, `invalid field selector "${term}": write field=value or field!=value`);
  const [, field, operator, value] = parts;
  const wanted = operator !== "!=";
  if (field === "metadata.name") return (object) => (object.name === value) === wanted;
  if (field === "metadata.namespace") return (object) => ((object.namespace ?? "") === value) === wanted;
  if (!fields.includes(field!)) throw new ApiError(400, `field label not supported: ${field}`);
  return (object) => ((object.fields?.[field!] ?? "") === value) === wanted;
}

export function both(a: Selector | undefined, b: Selector | undefined): Selector | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  return (object) => a(object) && b(object);
}
