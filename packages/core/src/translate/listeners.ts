import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { ListenerSchema } from "@carrick/proto/envoy/config/listener/v3/listener_pb.js";
import { type FilterChain, FilterChainSchema } from "@carrick/proto/envoy/config/listener/v3/listener_components_pb.js";
import { TlsInspectorSchema } from "@carrick/proto/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.js";
import { DownstreamTlsContextSchema } from "@carrick/proto/envoy/extensions/transport_sockets/tls/v3/tls_pb.js";
import { TlsParameters_TlsProtocol } from "@carrick/proto/envoy/extensions/transport_sockets/tls/v3/common_pb.js";
import {
  CERTIFICATES,
  type ChainRow,
  type EdgeEnvironment,
  everyChain,
  type Fleet,
  HTTP,
  type KnownRow,
  type ListenAddress,
  ROUTES,
  type ServerNameRow,
  type TablePlan,
} from "../derive/index.ts";
import type { Store, Table } from "../store/index.ts";
import { ads } from "./config-source.ts";
import { socketAddress } from "./socket-address.ts";
import { httpConnectionManager } from "./http-connection-manager.ts";
import { encode, resource, type ResourceRow, sameResource } from "./resource.ts";

export interface ListenerInputs {
  readonly fleetRow: Table<Fleet>;
  readonly chains: Table<ChainRow>;
  readonly serverNames: Table<ServerNameRow>;
  readonly plans: Table<TablePlan>;
  readonly known: Table<KnownRow>;
}

/** The plain listener, and the TLS listener while there is a certificate (Envoy refuses a listener without chains). */
export function listenerResources(
  store: Store,
  { fleetRow, chains, serverNames, plans, known }: ListenerInputs,
  fleet: Fleet,
  env: EdgeEnvironment,
): Table<ResourceRow> {
  return store.view<Fleet, ResourceRow>(
    `${fleet.name}/LDS`,
    fleetRow,
    ({ http, https }, _key, read) => {
      const rows: [string, ResourceRow][] = [];
      // The number of tables follows the number of hosts: while hosts are missing, so may be tables and chains.
      const add = (name: string, body: Uint8Array, rests: typeof ROUTES | typeof CERTIFICATES) => {
        rows.push([name, resource(name, body, read.get(known, rests)?.known !== true, env)]);
      };
      const plain = http && read.get(plans, HTTP);
      if (http !== undefined && plain !== undefined) add("http", plainListener(http, plain), ROUTES);
      if (https === undefined) return rows;
      const filterChains = read
        .by(chains, everyChain, "all")
        .sort((a, b) => (a.chain < b.chain ? -1 : 1))
        .flatMap((chain) => {
          const names = chain.names.filter((name) => read.get(serverNames, name)?.chain === chain.chain);
          const plan = read.get(plans, chain.chain);
          return plan === undefined || names.length === 0 ? [] : [tlsChain(chain.chain, names, plan)];
        });
      if (filterChains.length > 0) add("https", tlsListener(https, filterChains), CERTIFICATES);
      return rows;
    },
    sameResource,
  );
}

function plainListener(address: ListenAddress, plan: TablePlan): Uint8Array {
  return listenerBytes("http", address, [create(FilterChainSchema, { filters: [httpConnectionManager(HTTP, plan)] })]);
}

function tlsListener(address: ListenAddress, filterChains: FilterChain[]): Uint8Array {
  return listenerBytes("https", address, filterChains, true);
}

function listenerBytes(
  name: string,
  { address, port }: ListenAddress,
  filterChains: FilterChain[],
  tls = false,
): Uint8Array {
  return encode(
    ListenerSchema,
    create(ListenerSchema, {
      name,
      address: socketAddress(address, port),
      filterChains,
      perConnectionBufferLimitBytes: 32_768,
      ...(tls && {
        listenerFilters: [
          {
            name: "envoy.filters.listener.tls_inspector",
            configType: { case: "typedConfig", value: anyPack(TlsInspectorSchema, create(TlsInspectorSchema)) },
          },
        ],
      }),
    }),
  );
}

function tlsChain(chain: string, serverNames: string[], plan: TablePlan): FilterChain {
  const context = create(DownstreamTlsContextSchema, {
    commonTlsContext: {
      tlsParams: { tlsMinimumProtocolVersion: TlsParameters_TlsProtocol.TLSv1_2 },
      alpnProtocols: ["h2", "http/1.1"],
      tlsCertificateSdsSecretConfigs: [{ name: chain, sdsConfig: ads() }],
    },
  });
  return create(FilterChainSchema, {
    name: chain,
    filterChainMatch: { serverNames },
    // A handshake that is not finished holds its connection no longer.
    transportSocketConnectTimeout: { seconds: 10n },
    filters: [httpConnectionManager("https", plan)],
    transportSocket: {
      name: "envoy.transport_sockets.tls",
      configType: { case: "typedConfig", value: anyPack(DownstreamTlsContextSchema, context) },
    },
  });
}
