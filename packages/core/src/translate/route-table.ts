import { create, toBinary } from "@bufbuild/protobuf";
import { RouteConfigurationSchema } from "@carrick/proto/envoy/config/route/v3/route_pb.js";
import { type VirtualHost, VirtualHostSchema } from "@carrick/proto/envoy/config/route/v3/route_components_pb.js";
import type { TableSlot } from "../derive/index.ts";
import { encode } from "./resource.ts";
import { LUA_FILTER, MISS, TABLE_HEADER } from "./table-filter.ts";
import { withRepeated } from "./wire.ts";

/** Field number of `RouteConfiguration.virtual_hosts`. */
const VIRTUAL_HOSTS = 2;

/** A route table from its virtual hosts, each of which was encoded when it changed. */
export function routeTableBytes(slot: TableSlot, virtualHosts: readonly Uint8Array[]): Uint8Array {
  const table = create(RouteConfigurationSchema, {
    name: slot.table,
    ignorePortInHostMatching: true,
    ...(slot.holds !== "one" && { requestHeadersToRemove: [TABLE_HEADER] }),
  });
  return withRepeated(encode(RouteConfigurationSchema, table), VIRTUAL_HOSTS, virtualHosts);
}

/** Takes what an exact table does not have, and tells the filter so. */
export function missHost(): Uint8Array {
  return toBinary(
    VirtualHostSchema,
    create(VirtualHostSchema, {
      name: "*",
      domains: ["*"],
      routes: [
        {
          match: { pathSpecifier: { case: "prefix", value: "/" } },
          action: { case: "directResponse", value: { status: 404 } },
          metadata: { filterMetadata: { [LUA_FILTER]: { [MISS]: true } } },
        },
      ],
    }),
  );
}

/** Answers with a status for domains that a certificate covers or does not cover. */
export function answerHost(name: string, domains: string[], status: number): Uint8Array {
  const host: VirtualHost = create(VirtualHostSchema, {
    name,
    domains,
    routes: [
      {
        match: { pathSpecifier: { case: "prefix", value: "/" } },
        action: { case: "directResponse", value: { status } },
      },
    ],
  });
  return toBinary(VirtualHostSchema, host);
}
