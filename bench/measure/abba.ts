/** Ways of doing the same, measured in turns: what the machine does meanwhile happens to all of them. */
import { median } from "../report/row.ts";

/** One way, by name; each call gives a figure of its own. */
export type Arms = Readonly<Record<string, () => Promise<number>>>;

/** What one way costs to another: the median of the blocks. */
export type Ratio = (one: string, other: string) => number;

export interface Compared {
  readonly ratio: Ratio;
  /** Median of the blocks. */
  readonly of: (arm: string) => number;
}

/** In each block every way comes twice, the second time in the opposite order. */
export async function compare(arms: Arms, blocks: number): Promise<Compared> {
  const order = Object.keys(arms);
  const measured = new Map<string, number[]>(order.map((name) => [name, []]));
  for (let block = 0; block < blocks; block++) {
    const sums = new Map<string, number>();
    for (const name of [...order, ...order.toReversed()]) sums.set(name, (sums.get(name) ?? 0) + (await arms[name]!()));
    for (const [name, sum] of sums) measured.get(name)!.push(sum / 2);
  }
  const blocksOf = (name: string): readonly number[] => measured.get(name)!;
  return {
    ratio: (one, other) => median(blocksOf(one).map((figure, block) => figure / blocksOf(other)[block]!)),
    of: (arm) => median(blocksOf(arm)),
  };
}

/** The same, measured as two, may differ by this much: more says that the machine was not quiet. */
export const MOST_NOISE = 0.05;
const TRIES = 3;

export interface Quiet<T> {
  readonly result: T;
  readonly noise: number;
}

/** Measures until a pair of the same agrees, three times at most; the last one then counts as void. */
export async function quietly<T>(measure: () => Promise<Quiet<T>>): Promise<Quiet<T>> {
  for (let tried = 1; ; tried++) {
    const measured = await measure();
    if (isQuiet(measured.noise) || tried === TRIES) return measured;
  }
}

/** `noise` is the ratio of two that are the same. */
export function isQuiet(noise: number): boolean {
  return Math.max(noise, 1 / noise) - 1 <= MOST_NOISE;
}
