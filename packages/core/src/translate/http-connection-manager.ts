import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { type Filter, FilterSchema } from "@carrick/proto/envoy/config/listener/v3/listener_components_pb.js";
import { LuaSchema } from "@carrick/proto/envoy/extensions/filters/http/lua/v3/lua_pb.js";
import { RouterSchema } from "@carrick/proto/envoy/extensions/filters/http/router/v3/router_pb.js";
import {
  HttpConnectionManager_PathWithEscapedSlashesAction,
  HttpConnectionManagerSchema,
  type HttpFilter,
  HttpFilterSchema,
} from "@carrick/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js";
import { HttpProtocolOptions_HeadersWithUnderscoresAction } from "@carrick/proto/envoy/config/core/v3/protocol_pb.js";
import type { TablePlan } from "../derive/index.ts";
import { ads, patientAds } from "./config-source.ts";
import { LUA_FILTER, TABLE_HEADER, tableFilter } from "./table-filter.ts";

/** The network filter that speaks HTTP for one filter chain, with what Envoy's documentation advises for an edge. */
export function httpConnectionManager(statPrefix: string, plan: TablePlan): Filter {
  const manager = create(HttpConnectionManagerSchema, {
    statPrefix,
    routeSpecifier: routeSpecifier(plan),
    httpFilters: [...(plan.layout === "one" ? [] : [luaFilter(plan.chain)]), routerFilter()],
    useRemoteAddress: true,
    normalizePath: true,
    mergeSlashes: true,
    // `/a%2f..%2fb` must not be one path here and another one behind.
    pathWithEscapedSlashesAction: HttpConnectionManager_PathWithEscapedSlashesAction.UNESCAPE_AND_REDIRECT,
    stripTrailingHostDot: true,
    commonHttpProtocolOptions: {
      idleTimeout: { seconds: 3600n },
      // Many servers read `x_a` as `x-a`: a client could write headers that it must not.
      headersWithUnderscoresAction: HttpProtocolOptions_HeadersWithUnderscoresAction.REJECT_REQUEST,
    },
    http2ProtocolOptions: {
      maxConcurrentStreams: 100,
      initialStreamWindowSize: 65_536,
      initialConnectionWindowSize: 1_048_576,
    },
    streamIdleTimeout: { seconds: 300n },
    requestHeadersTimeout: { seconds: 10n },
    upgradeConfigs: [{ upgradeType: "websocket" }],
  });
  return create(FilterSchema, {
    name: "envoy.filters.network.http_connection_manager",
    configType: { case: "typedConfig", value: anyPack(HttpConnectionManagerSchema, manager) },
  });
}

function routeSpecifier(plan: TablePlan) {
  if (plan.layout === "one") {
    return { case: "rds" as const, value: { routeConfigName: plan.chain, configSource: patientAds() } };
  }
  return {
    case: "scopedRoutes" as const,
    value: {
      name: plan.chain,
      scopeKeyBuilder: {
        fragments: [
          {
            type: {
              case: "headerValueExtractor" as const,
              // Table names have no `|`: element 0 is the whole value.
              value: {
                name: TABLE_HEADER,
                elementSeparator: "|",
                extractType: { case: "index" as const, value: 0 },
              },
            },
          },
        ],
      },
      rdsConfigSource: patientAds(),
      configSpecifier: { case: "scopedRds" as const, value: { scopedRdsConfigSource: ads() } },
    },
  };
}

function luaFilter(chain: string): HttpFilter {
  const lua = create(LuaSchema, {
    defaultSourceCode: { specifier: { case: "inlineString", value: tableFilter(chain) } },
  });
  return create(HttpFilterSchema, {
    name: LUA_FILTER,
    configType: { case: "typedConfig", value: anyPack(LuaSchema, lua) },
  });
}

function routerFilter(): HttpFilter {
  return create(HttpFilterSchema, {
    name: "envoy.filters.http.router",
    configType: {
      case: "typedConfig",
      value: anyPack(RouterSchema, create(RouterSchema, { suppressEnvoyHeaders: true })),
    },
  });
}
