import { createRegistry, type DescMessage, fromBinary, toJson } from "@bufbuild/protobuf";
import { ClusterSchema } from "@carrick/proto/envoy/config/cluster/v3/cluster_pb.js";
import { ClusterLoadAssignmentSchema } from "@carrick/proto/envoy/config/endpoint/v3/endpoint_pb.js";
import { ListenerSchema } from "@carrick/proto/envoy/config/listener/v3/listener_pb.js";
import { RouteConfigurationSchema } from "@carrick/proto/envoy/config/route/v3/route_pb.js";
import { ScopedRouteConfigurationSchema } from "@carrick/proto/envoy/config/route/v3/scoped_route_pb.js";
import { LuaSchema } from "@carrick/proto/envoy/extensions/filters/http/lua/v3/lua_pb.js";
import { RouterSchema } from "@carrick/proto/envoy/extensions/filters/http/router/v3/router_pb.js";
import { TlsInspectorSchema } from "@carrick/proto/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.js";
import { HttpConnectionManagerSchema } from "@carrick/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js";
import { DownstreamTlsContextSchema } from "@carrick/proto/envoy/extensions/transport_sockets/tls/v3/tls_pb.js";

/** By the last part of a table's name, `public/LDS` for example. Secrets are not among them. */
const SCHEMAS: Readonly<Record<string, DescMessage>> = {
  LDS: ListenerSchema,
  RDS: RouteConfigurationSchema,
  SRDS: ScopedRouteConfigurationSchema,
  CDS: ClusterSchema,
  EDS: ClusterLoadAssignmentSchema,
};

/** Messages that stand in others as `Any`. */
const REGISTRY = createRegistry(
  HttpConnectionManagerSchema,
  LuaSchema,
  RouterSchema,
  TlsInspectorSchema,
  DownstreamTlsContextSchema,
);

/** A row as a person can read it: resources are decoded, other bytes counted, secrets never shown. */
export function readableRow(table: string, row: unknown): unknown {
  if (typeof row !== "object" || row === null) return row;
  const schema = SCHEMAS[table.slice(table.lastIndexOf("/") + 1)];
  return Object.fromEntries(
    Object.entries(row).map(([field, value]: [string, unknown]) => {
      if (!(value instanceof Uint8Array)) return [field, value];
      if (field !== "body" || schema === undefined) return [field, `(${value.length} bytes)`];
      return [field, toJson(schema, fromBinary(schema, value), { registry: REGISTRY })];
    }),
  );
}
