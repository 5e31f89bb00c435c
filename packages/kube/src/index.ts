export { AccessError, type AccessErrorKind } from "./access-error.ts";
export { type AccessOptions, loadAccess, openAccess } from "./access.ts";
export type { Access, Credentials, Endpoint } from "./cached-access.ts";
export {
  type CallOptions,
  type ClientLimits,
  type ClientOptions,
  type ClientTimeouts,
  createClient,
  type KubeClient,
  type KubeReader,
} from "./client.ts";
export { type Clock, systemClock } from "./clock.ts";
export { KubeError } from "./kube-error.ts";
export { checkKubeconfig } from "./kubeconfig-access.ts";
export { patchOrCreate } from "./patch-or-create.ts";
export { reflect, type ReflectOptions, type Reflector, type ReflectorTimings } from "./reflector/reflect.ts";
export type { ReflectedChange, ReflectorCounts, ReflectorSink, ReflectorState } from "./reflector/sink.ts";
export { resourceName, resourcePath, type ResourceRef } from "./resource-path.ts";
export { Secret } from "./secret.ts";
export type { Fields } from "./shape.ts";
