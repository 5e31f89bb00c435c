/** Weights of members, brought into 16 bits. */

const MAX_SUM = 0xffff;

/**
 * Weights in the same proportions whose sum is at most 65535, each at least 1. All equal: `undefined`, since members
 * that weigh the same are drawn without looking at weights. Takes positive integers, at most 65535 of them.
 */
export function scaledWeights(weights: readonly number[]): number[] | undefined {
  if (weights.every((weight) => weight === weights[0])) return undefined;
  const divisor = weights.reduce(greatestCommonDivisor);
  const exact = weights.map((weight) => weight / divisor);
  const total = exact.reduce((sum, weight) => sum + weight, 0);
  if (total <= MAX_SUM) return exact;
  // Each has 1 for certain; the rest is shared.
  const rest = MAX_SUM - weights.length;
  return exact.map((weight) => 1 + Math.floor((weight * rest) / total));
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
