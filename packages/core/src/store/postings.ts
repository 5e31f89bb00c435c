/** A term of an index, or the key of a row. The terms of one index are all strings or all numbers. */
export type Term = string | number;

/**
 * From a term to the keys filed under it. Most terms have one key, and a `Set` for each of them would be most of the
 * store's memory: a single key is therefore kept bare.
 */
export class Postings {
  readonly #keys = new Map<Term, string | Set<string>>();

  /** False if `key` was filed under `term` already. */
  add(term: Term, key: string): boolean {
    const filed = this.#keys.get(term);
    if (filed === key) return false;
    if (filed === undefined) this.#keys.set(term, key);
    else if (typeof filed === "string") this.#keys.set(term, new Set([filed, key]));
    else if (filed.has(key)) return false;
    else filed.add(key);
    return true;
  }

  delete(term: Term, key: string): void {
    const filed = this.#keys.get(term);
    if (filed === key) this.#keys.delete(term);
    else if (filed instanceof Set && filed.delete(key) && filed.size === 1) {
      const [last] = filed;
      this.#keys.set(term, last!);
    }
  }

  has(term: Term): boolean {
    return this.#keys.has(term);
  }

  /** The keys under `term`, in no order that callers may rely on. */
  keys(term: Term): Iterable<string> {
    const filed = this.#keys.get(term);
    if (filed === undefined) return [];
    return typeof filed === "string" ? [filed] : filed;
  }

  /** How many terms have a key. */
  get size(): number {
    return this.#keys.size;
  }
}
