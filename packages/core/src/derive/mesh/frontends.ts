import { type ClusterName, objectKey, serviceByAddress, type ServiceRow, type Tables } from "../../model/index.ts";
import { type Reader, same, type Store, type Table } from "../../store/index.ts";
import { portName } from "../members.ts";
import { type Family, familyOf, type ImageKey, imageKey, type MeshProtocol } from "./image-key.ts";

/** An address and port that clients dial. */
export interface FrontendRow {
  readonly address: string;
  /** 0: every other port of the address, whatever the protocol. It is the address of a Service, so it is refused. */
  readonly port: number;
  /** Empty with port 0. */
  readonly protocol: MeshProtocol | "";
  /** Who takes the connection; absent with port 0. */
  readonly image?: ImageKey;
}

/** `<address> <port>/<protocol>`. */
export type FrontendKey = string;

/** The frontends of the Services of one cluster. An address belongs to one Service; of two, to the first by name. */
export function frontends(store: Store, tables: Tables, here: ClusterName): Table<FrontendRow> {
  return store.view(
    "mesh/frontends",
    store.groups("mesh/addresses", tables.Service, serviceByAddress),
    ({ term }, _, read): [FrontendKey, FrontendRow][] => {
      const address = term.slice(here.length + 1);
      if (term !== `${here}/${address}`) return [];
      const owner = ownerOf(term, tables, read);
      const family = familyOf(address);
      const ports = owner.ports.flatMap((port): FrontendRow[] => {
        const { port: number, protocol } = port;
        if (protocol === "SCTP") return [];
        const image = imageKey(owner.namespace, owner.name, portName(port), protocol, family);
        return [{ address, port: number, protocol, image }];
      });
      const rest: FrontendRow = { address, port: 0, protocol: "" };
      const rows = new Map<FrontendKey, FrontendRow>();
      for (const row of [rest, ...ports]) rows.set(`${address} ${row.port}/${row.protocol}`, row);
      return [...rows];
    },
    same,
  );
}

function ownerOf(term: string, tables: Tables, read: Reader): ServiceRow {
  const key = (row: ServiceRow) => objectKey(row.cluster, row.namespace, row.name);
  return [...read.by(tables.Service, serviceByAddress, term)].reduce((a, b) => (key(a) < key(b) ? a : b));
}

/** Whether a Service of the cluster has addresses of the family. */
export function hasFamily(service: ServiceRow, family: Family): boolean {
  return service.clusterIps.some((address) => familyOf(address) === family);
}
