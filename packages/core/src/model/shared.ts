/**
 * One copy of what is equal. Objects of many clusters repeat names, hosts, paths and whole rules; parsed one by one,
 * each brings its own copy. Only memory differs: rows are never changed.
 */

/** Texts that are longer are seldom equal. */
const LONGEST_TEXT = 128;
/** Then all are forgotten: what is in use stays, only later equals get a new copy. */
const MOST_TEXTS = 50_000;
const MOST_DATA = 20_000;
/** Characters as JSON; larger data is seldom equal. */
const LARGEST_DATA = 4096;

const texts = new Map<string, string>();
const data = new Map<string, unknown>();

export function sharedText(text: string): string {
  if (text.length > LONGEST_TEXT) return text;
  return shared(texts, MOST_TEXTS, text, text);
}

/** For plain data that JSON tells apart: no `undefined`, no bytes. */
export function sharedData<T>(value: T): T {
  const key = JSON.stringify(value);
  return key.length > LARGEST_DATA ? value : shared(data as Map<string, T>, MOST_DATA, key, value);
}

function shared<T>(copies: Map<string, T>, most: number, key: string, value: T): T {
  const known = copies.get(key);
  if (known !== undefined) return known;
  if (copies.size >= most) copies.clear();
  copies.set(key, value);
  return value;
}
