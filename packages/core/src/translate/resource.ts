import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { toBinary } from "@bufbuild/protobuf";
import type { EdgeEnvironment } from "../derive/index.ts";

/** A named resource as it leaves for Envoy: encoded once, its version a hash of its bytes. */
export interface ResourceRow {
  readonly name: string;
  readonly version: string;
  readonly body: Uint8Array;
  /** A source that it depends on has not been seen yet: there may be more to it. */
  readonly partial?: boolean;
}

export function resource(
  name: string,
  body: Uint8Array,
  partial: boolean,
  env: Pick<EdgeEnvironment, "hash">,
): ResourceRow {
  return { name, version: env.hash(body).slice(0, 12), body, ...(partial && { partial }) };
}

export function encode<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): Uint8Array {
  return toBinary(schema, message, { writeUnknownFields: false });
}

export function sameResource(a: ResourceRow, b: ResourceRow): boolean {
  return a.version === b.version && a.partial === b.partial && a.name === b.name;
}

export const TYPE = {
  listener: "type.googleapis.com/envoy.config.listener.v3.Listener",
  routeTable: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
  scope: "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration",
  cluster: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
  assignment: "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
  secret: "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
} as const;

/** The types as Envoy's documentation calls them. */
export const SHORT_NAMES: ReadonlyMap<string, string> = new Map([
  [TYPE.listener, "LDS"],
  [TYPE.routeTable, "RDS"],
  [TYPE.scope, "SRDS"],
  [TYPE.cluster, "CDS"],
  [TYPE.assignment, "EDS"],
  [TYPE.secret, "SDS"],
]);
