const NONE: readonly never[] = [];

/**
 * The same items in an array that has room for them alone. One that grew item by item, as by `flatMap`, keeps room for
 * 17; rows live long, there are hundreds of thousands, and most of their lists have one item.
 */
export function exact<T>(items: readonly T[]): readonly T[] {
  return items.length === 0 ? NONE : items.slice();
}
