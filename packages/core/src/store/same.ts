/**
 * Structural equality of plain data: primitives, arrays, plain objects, byte arrays. Objects of a class are compared by
 * their enumerable properties, so private fields are not; a `Map`, `Set`, `Date` and the like is the same only as
 * itself.
 */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const prototype: unknown = Object.getPrototypeOf(a);
  if (prototype !== Object.getPrototypeOf(b)) return false;
  if (Array.isArray(a) || a instanceof Uint8Array) return sameItems(a, b as ArrayLike<unknown>);
  if (prototype !== Object.prototype && Object.prototype.toString.call(a) !== "[object Object]") return false;
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  let count = 0;
  for (const key in left) {
    if (!(key in right) || !same(left[key], right[key])) return false;
    count++;
  }
  for (const _ in right) count--;
  return count === 0;
}

function sameItems(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!same(a[i], b[i])) return false;
  return true;
}
