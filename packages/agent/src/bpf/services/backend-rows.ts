/** Rows of the map `backends`: what flows that remember a backend are told about it. */
import { encode } from "../layout/codec.ts";
import { Backend, BACKEND_ACTIVE, BACKEND_DRAINING, BackendKey } from "../layout/generated.ts";
import type { Endpoint, ServiceDescription } from "./description.ts";
import { keyText } from "./frontend.ts";

export interface BackendRow {
  readonly key: Uint8Array;
  readonly state: number;
  readonly cluster: number;
}

/** By the text of the key. */
export type BackendRows = ReadonlyMap<string, BackendRow>;

export const NO_ROWS: BackendRows = new Map();

/** The rows that a service needs: none when no flow of it remembers a backend. */
export function wantedRows(service: ServiceDescription, uid: number): BackendRows {
  if (service.affinitySeconds === 0 && !service.pinUdp) return NO_ROWS;
  const rows = new Map<string, BackendRow>();
  const add = ({ ip, port }: Endpoint, state: number, cluster: number): void => {
    const key = encode(BackendKey, { uid, ip, port });
    rows.set(keyText(key), { key, state, cluster });
  };
  for (const endpoint of service.draining) add(endpoint, BACKEND_DRAINING, endpoint.cluster);
  // What takes new flows is active, also when it is said to drain in another group. Weight 0 takes none.
  for (const { cluster, members } of service.groups)
    for (const member of members) if (member.weight > 0) add(member, BACKEND_ACTIVE, cluster);
  return rows;
}

export interface RowChanges {
  /** To be written before the image that leads to them: a flow that picks one must be able to keep it. */
  readonly before: readonly BackendRow[];
  /** To be written after the image that does not lead to them any more: until then flows may pick them. */
  readonly after: readonly BackendRow[];
  /** To be deleted then: an endpoint without a row is gone. */
  readonly gone: readonly BackendRow[];
}

export function rowChanges(published: BackendRows, wanted: BackendRows): RowChanges {
  const changed = [...wanted].filter(([text, row]) => !isSame(published.get(text), row)).map(([, row]) => row);
  return {
    before: changed.filter(({ state }) => state === BACKEND_ACTIVE),
    after: changed.filter(({ state }) => state !== BACKEND_ACTIVE),
    gone: [...published].filter(([text]) => !wanted.has(text)).map(([, row]) => row),
  };
}

function isSame(one: BackendRow | undefined, other: BackendRow): boolean {
  return one !== undefined && one.state === other.state && one.cluster === other.cluster;
}

export function rowValue({ state, cluster }: BackendRow, since: number): Uint8Array {
  return encode(Backend, { state, cluster, since });
}
