/**
 * How long to wait after `failures` ends in a row: doubles from `minMs` up to `maxMs`; the upper half of it is random,
 * so that clients of one server do not come back together. `random` is from 0 to below 1.
 */
export function backoff(
  failures: number,
  { minMs, maxMs }: { readonly minMs: number; readonly maxMs: number },
  random: number,
): number {
  const whole = Math.min(maxMs, minMs * 2 ** Math.min(failures, 30));
  return whole / 2 + (random * whole) / 2;
}
