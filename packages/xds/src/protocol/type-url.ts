/** The xDS types whose order matters. Other types are served without order. */
import type { TypeUrl } from "./resource.ts";

export const LISTENER: TypeUrl = "type.googleapis.com/envoy.config.listener.v3.Listener";
export const SCOPED_ROUTES: TypeUrl = "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration";
export const ROUTES: TypeUrl = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";
export const CLUSTER: TypeUrl = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
export const ENDPOINTS: TypeUrl = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
export const SECRET: TypeUrl = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
