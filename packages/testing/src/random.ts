/** Seeded randomness: the same seed gives the same history. */

/** A whole number of at least 0 and below `below`. */
export type Random = (below: number) => number;

/** Mulberry32. */
export function randomOf(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}

/** One of the items; there must be one. */
export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random(items.length)]!;
}
