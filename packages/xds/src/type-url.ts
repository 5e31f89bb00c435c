/** The xDS types whose order matters. Other types are served without order. */
import type { TypeUrl } from "./resource.ts";

export const LISTENER: TypeUrl = "type.googleapis.com/envoy.config.listener.v3.Listener";
export const SCOPED_ROUTES: TypeUrl = "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration";
export const ROUTES: TypeUrl = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";
export const CLUSTER: TypeUrl = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
export const ENDPOINTS: TypeUrl = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
export const SECRET: TypeUrl = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";

/** The order in which a step looks for something to send. */
export const SEND_ORDER: readonly TypeUrl[] = [SECRET, CLUSTER, ENDPOINTS, SCOPED_ROUTES, ROUTES, LISTENER];

/**
 * Make before break: what is added or replaced waits until everything of these types that was
 * changed no later than itself has been taken by the client. Acyclic: additions never wait for removals.
 */
export const ADDS_AFTER: ReadonlyMap<TypeUrl, readonly TypeUrl[]> = new Map([
  [SCOPED_ROUTES, [CLUSTER, ENDPOINTS]],
  [ROUTES, [CLUSTER, ENDPOINTS]],
  [LISTENER, [CLUSTER, ENDPOINTS, SCOPED_ROUTES, ROUTES]],
]);

/** What is removed waits for additions and removals of these types: the reverse way. */
export const REMOVALS_AFTER: ReadonlyMap<TypeUrl, readonly TypeUrl[]> = new Map([
  [SCOPED_ROUTES, [LISTENER]],
  [ROUTES, [LISTENER, SCOPED_ROUTES]],
  [CLUSTER, [LISTENER, SCOPED_ROUTES, ROUTES]],
  [ENDPOINTS, [LISTENER, SCOPED_ROUTES, ROUTES, CLUSTER]],
  [SECRET, [LISTENER, CLUSTER]],
]);
