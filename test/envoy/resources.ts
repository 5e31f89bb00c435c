/** Resources made by hand, as small as Envoy takes them. */
import { createHash } from "node:crypto";
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { anyPack, DurationSchema } from "@bufbuild/protobuf/wkt";
import {
  Cluster_DiscoveryType,
  Cluster_LbPolicy,
  ClusterSchema,
} from "@carrick/proto/envoy/config/cluster/v3/cluster_pb.js";
import { AddressSchema } from "@carrick/proto/envoy/config/core/v3/address_pb.js";
import { ApiVersion, ConfigSourceSchema } from "@carrick/proto/envoy/config/core/v3/config_source_pb.js";
import { ClusterLoadAssignmentSchema } from "@carrick/proto/envoy/config/endpoint/v3/endpoint_pb.js";
import { ListenerSchema } from "@carrick/proto/envoy/config/listener/v3/listener_pb.js";
import { RouteConfigurationSchema } from "@carrick/proto/envoy/config/route/v3/route_pb.js";
import { ScopedRouteConfigurationSchema } from "@carrick/proto/envoy/config/route/v3/scoped_route_pb.js";
import { LuaSchema } from "@carrick/proto/envoy/extensions/filters/http/lua/v3/lua_pb.js";
import { RouterSchema } from "@carrick/proto/envoy/extensions/filters/http/router/v3/router_pb.js";
import {
  type HttpConnectionManager,
  HttpConnectionManagerSchema,
  type HttpFilterSchema,
  ScopedRoutesSchema,
} from "@carrick/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js";
import { CLUSTER, ENDPOINTS, LISTENER, type Resource, ROUTES, SCOPED_ROUTES, type TypeUrl } from "@carrick/xds";

export interface Named {
  readonly type: TypeUrl;
  readonly resource: Resource;
}

export interface Place {
  readonly address: string;
  readonly port: number;
}

/** Short, so that a test sees what Envoy does when it waited in vain. */
export const FETCH_TIMEOUT_MS = 2000;

export interface ClusterOptions {
  readonly connectTimeoutMs?: number;
  /** Envoy refuses it, though the message by itself is valid. */
  readonly broken?: boolean;
}

/** The smallest ring is larger than the largest. */
const BROKEN = {
  lbPolicy: Cluster_LbPolicy.RING_HASH,
  lbConfig: { case: "ringHashLbConfig" as const, value: { minimumRingSize: 100n, maximumRingSize: 10n } },
};

export function cluster(name: string, { connectTimeoutMs = 1000, broken = false }: ClusterOptions = {}): Named {
  return named(CLUSTER, name, ClusterSchema, {
    name,
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: { edsConfig: ads(FETCH_TIMEOUT_MS) },
    connectTimeout: duration(connectTimeoutMs),
    commonLbConfig: { healthyPanicThreshold: { value: 0 } },
    ...(broken && BROKEN),
  });
}

/** The same without endpoints of its own to wait for. */
export function brokenStaticCluster(name: string): Named {
  return named(CLUSTER, name, ClusterSchema, {
    name,
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.STATIC },
    connectTimeout: duration(1000),
    ...BROKEN,
    loadAssignment: { clusterName: name },
  });
}

export function endpoints(name: string, places: readonly Place[]): Named {
  return named(ENDPOINTS, name, ClusterLoadAssignmentSchema, {
    clusterName: name,
    endpoints: [
      {
        lbEndpoints: places.map((place) => ({
          hostIdentifier: { case: "endpoint" as const, value: { address: socket(place) } },
        })),
      },
    ],
  });
}

/** Routes whole hosts to clusters. `broken`: a host stands in two virtual hosts, which Envoy refuses. */
export function routes(name: string, hosts: Readonly<Record<string, string>>, broken = false): Named {
  const entries = Object.entries(hosts);
  return named(ROUTES, name, RouteConfigurationSchema, {
    name,
    virtualHosts: [...entries, ...(broken ? entries : [])].map(([host, to], i) => ({
      name: `${host}-${i}`,
      domains: [host],
      routes: [
        {
          match: { pathSpecifier: { case: "prefix" as const, value: "/" } },
          action: { case: "route" as const, value: { clusterSpecifier: { case: "cluster" as const, value: to } } },
        },
      ],
    })),
  });
}

/** A listener that gets its routes by RDS, and opens without them when the time for that is over. */
export function listener(name: string, place: Place, table: string): Named {
  return plainListener(name, place, {
    case: "rds",
    value: { $typeName: RDS, routeConfigName: table, configSource: ads(FETCH_TIMEOUT_MS) },
  });
}

/** Where `scopedListener` finds a table; scope and table have the same name. */
export function scope(table: string): Named {
  return named(SCOPED_ROUTES, table, ScopedRouteConfigurationSchema, {
    name: table,
    routeConfigurationName: table,
    key: { fragments: [{ type: { case: "stringKey", value: table } }] },
  });
}

/** A listener with a table for each host: `prefix`, followed by the host. */
export function scopedListener(name: string, place: Place, prefix: string): Named {
  const header = "x-table";
  const inlineString = `function envoy_on_request(handle)
  local headers = handle:headers()
  headers:replace("${header}", "${prefix}" .. headers:get(":authority"))
  handle:clearRouteCache()
end
`;
  const lua = create(LuaSchema, { defaultSourceCode: { specifier: { case: "inlineString", value: inlineString } } });
  const extractor = { name: header, elementSeparator: "|", extractType: { case: "index" as const, value: 0 } };
  return plainListener(
    name,
    place,
    {
      case: "scopedRoutes",
      value: create(ScopedRoutesSchema, {
        name: "scopes",
        scopeKeyBuilder: { fragments: [{ type: { case: "headerValueExtractor", value: extractor } }] },
        rdsConfigSource: ads(FETCH_TIMEOUT_MS),
        configSpecifier: {
          case: "scopedRds",
          value: { scopedRdsConfigSource: ads(FETCH_TIMEOUT_MS) },
        },
      }),
    },
    [{ name: "envoy.filters.http.lua", configType: { case: "typedConfig", value: anyPack(LuaSchema, lua) } }],
  );
}

/** A listener that answers each request itself, with this header. */
export function answeringListener(name: string, place: Place, header: string): Named {
  const value = create(RouteConfigurationSchema, {
    name: "inline",
    virtualHosts: [
      {
        name: "all",
        domains: ["*"],
        routes: [
          {
            match: { pathSpecifier: { case: "prefix", value: "/" } },
            action: { case: "directResponse", value: { status: 200 } },
            responseHeadersToAdd: [{ header: { key: "said", value: header } }],
          },
        ],
      },
    ],
  });
  return plainListener(name, place, { case: "routeConfig", value });
}

const RDS = "envoy.extensions.filters.network.http_connection_manager.v3.Rds";

function plainListener(
  name: string,
  place: Place,
  routeSpecifier: HttpConnectionManager["routeSpecifier"],
  filters: readonly MessageInitShape<typeof HttpFilterSchema>[] = [],
): Named {
  const manager = create(HttpConnectionManagerSchema, {
    statPrefix: name,
    routeSpecifier,
    httpFilters: [
      ...filters,
      {
        name: "envoy.filters.http.router",
        configType: { case: "typedConfig", value: anyPack(RouterSchema, create(RouterSchema)) },
      },
    ],
  });
  return named(LISTENER, name, ListenerSchema, {
    name,
    address: socket(place),
    filterChains: [
      {
        filters: [
          {
            name: "http",
            configType: { case: "typedConfig", value: anyPack(HttpConnectionManagerSchema, manager) },
          },
        ],
      },
    ],
  });
}

function named<Desc extends DescMessage>(
  type: TypeUrl,
  name: string,
  schema: Desc,
  init: Parameters<typeof create<Desc>>[1],
): Named {
  const body = toBinary(schema, create(schema, init));
  return { type, resource: { name, version: createHash("sha256").update(body).digest("hex").slice(0, 12), body } };
}

function ads(timeoutMs: number) {
  return create(ConfigSourceSchema, {
    resourceApiVersion: ApiVersion.V3,
    configSourceSpecifier: { case: "ads", value: {} },
    initialFetchTimeout: duration(timeoutMs),
  });
}

function duration(ms: number) {
  return create(DurationSchema, { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 });
}

function socket({ address, port }: Place) {
  return create(AddressSchema, {
    address: {
      case: "socketAddress",
      value: { address, portSpecifier: { case: "portValue", value: port } },
    },
  });
}
