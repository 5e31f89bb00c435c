/**
 * The hash by which a host finds its route table: the Lua filter in front of the router computes the same
 * (`translate/table-filter.ts`). djb2 over ASCII, modulo 2^32: exact in doubles, which is all that Lua has.
 */
export function tableHash(text: string): number {
  let hash = 5381;
  for (let i = 0; i < text.length; i++) hash = (hash * 33 + text.charCodeAt(i)) % 4294967296;
  return hash;
}
