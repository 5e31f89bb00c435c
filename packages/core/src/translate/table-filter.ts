import { EXACT_TABLES, TABLE_MODULUS, WILD_TABLES } from "../derive/index.ts";

/** Carries the name of the route table from the filter to the scope key. Overwritten on arrival, removed before the upstream. */
export const TABLE_HEADER = "x-carrick-table";

/** Marks the answer of a table that does not have the host, for the filter (metadata under `LUA_FILTER`). */
export const MISS = "miss";

export const LUA_FILTER = "envoy.filters.http.lua";

/**
 * The Lua filter of a chain whose hosts are spread over tables. It looks for the host among the exact ones; a table
 * without it says so by metadata, and then the host without its first label is looked for among the wildcards. The hash
 * is `tableHash`; the port (`:` is 58) is no part of the host; Envoy's route tables do not mind upper case, hashes do.
 */
export function tableFilter(chain: string): string {
  return `function envoy_on_request(handle)
  local headers = handle:headers()
  local host = string.lower(headers:get(":authority") or "")
  local hash, tail, dot = 5381, 5381, false
  for i = 1, #host do
    local c = string.byte(host, i)
    if c == 58 then break end
    hash = (hash * 33 + c) % ${TABLE_MODULUS}
    if dot then tail = (tail * 33 + c) % ${TABLE_MODULUS} end
    if c == 46 then dot = true end
  end
  headers:replace("${TABLE_HEADER}", "${chain}/${EXACT_TABLES}/" .. string.format("%d", hash % ${EXACT_TABLES}))
  handle:clearRouteCache()
  if handle:metadata():get("${MISS}") then
    headers:replace("${TABLE_HEADER}", "${chain}/*${WILD_TABLES}/" .. string.format("%d", tail % ${WILD_TABLES}))
    handle:clearRouteCache()
  end
end
`;
}
