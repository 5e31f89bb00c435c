/**
 * The largest prime below 2^32. A power of two would keep the regularities of names that end in numbers: among 8,192
 * hosts in 256 tables the fullest then has 66, with the prime 43.
 */
export const TABLE_MODULUS = 4_294_967_291;

/**
 * The hash by which a host finds its route table: the Lua filter in front of the router computes the same
 * (`translate/table-filter.ts`). djb2 over ASCII, exact in doubles, which is all that Lua has.
 */
export function tableHash(text: string): number {
  let hash = 5381;
  for (let i = 0; i < text.length; i++) hash = (hash * 33 + text.charCodeAt(i)) % TABLE_MODULUS;
  return hash;
}
