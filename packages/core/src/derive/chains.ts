import type { ObjectKey, Tables } from "../model/index.ts";
import { type Index, index, same, type Store, type Table } from "../store/index.ts";
import { type HostRow, hostByCertificate } from "./hosts.ts";
import { wildcardOf } from "./certificate-names.ts";
import type { Fleet } from "./fleet.ts";

/** A certificate that hosts of a chain come with. */
interface ChainCertificate {
  readonly chain: string;
  readonly secret: ObjectKey;
  readonly created: number;
  readonly names: readonly string[];
}

/** A filter chain of the TLS listener: one for all certificates with the same names. */
export interface ChainRow {
  readonly chain: string;
  /** DNS names of its certificates, sorted. */
  readonly names: readonly string[];
  /** The Secret whose certificate is served: the oldest of those with these names. */
  readonly secret: ObjectKey;
  readonly created: number;
}

/** Which chain Envoy shall choose for a server name that several certificates have. */
export interface ServerNameRow {
  readonly name: string;
  readonly chain: string;
}

const byChain: Index<ChainCertificate> = index("chain", (row) => [row.chain]);
const byServerName: Index<ChainRow> = index("server-name", (row) => row.names);

/** Server names without a wildcard, by the wildcard that would take them too. */
export const serverNameByWildcard: Index<ServerNameRow> = index("wildcard", (row) =>
  row.name.startsWith("*") ? [] : [wildcardOf(row.name)],
);

/** All chains, under `all`: read by the listener alone. */
export const everyChain: Index<ChainRow> = index("all", () => ["all"]);

export function chains(store: Store, tables: Tables, hosts: Table<HostRow>, fleet: Fleet): Table<ChainRow> {
  const certificates = store.view<{ term: string }, ChainCertificate>(
    `${fleet.name}/chain-certificates`,
    store.groups(`${fleet.name}/certificate-terms`, hosts, hostByCertificate),
    ({ term }, key, read) => {
      const bar = term.indexOf("|");
      const secret = term.slice(bar + 1) as ObjectKey;
      const row = read.get(tables.Secret, secret);
      if (row === undefined) return [];
      return [[key, { chain: term.slice(0, bar), secret, created: row.created, names: row.names }]];
    },
    same,
    [byChain],
  );
  return store.view<{ term: string }, ChainRow>(
    `${fleet.name}/chains`,
    store.groups(`${fleet.name}/chain-terms`, certificates, byChain),
    ({ term: chain }, key, read) => {
      const [oldest] = read
        .by(certificates, byChain, chain)
        .sort((a, b) => a.created - b.created || (a.secret < b.secret ? -1 : 1));
      if (oldest === undefined) return [];
      return [[key, { chain, names: oldest.names, secret: oldest.secret, created: oldest.created }]];
    },
    same,
    [byServerName, everyChain],
  );
}

/** Each server name belongs to one chain (the oldest), since Envoy refuses a listener that names one twice. */
export function serverNames(store: Store, chainRows: Table<ChainRow>, fleet: Fleet): Table<ServerNameRow> {
  return store.view<{ term: string }, ServerNameRow>(
    `${fleet.name}/server-names`,
    store.groups(`${fleet.name}/server-name-terms`, chainRows, byServerName),
    ({ term: name }, key, read) => {
      const [oldest] = read
        .by(chainRows, byServerName, name)
        .sort((a, b) => a.created - b.created || (a.chain < b.chain ? -1 : 1));
      return oldest === undefined ? [] : [[key, { name, chain: oldest.chain }]];
    },
    same,
    [serverNameByWildcard],
  );
}
