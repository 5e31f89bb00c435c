export { type Clock, systemClock } from "./clock.ts";
export { connectDelta, type DeltaClient, type DeltaClientEvent, type DeltaClientOptions } from "./delta-client.ts";
export type { StreamState } from "./delta-stream.ts";
export { type Received, type Update, WILDCARD } from "./held-type.ts";
export { parsePeerName, type Peer, type Refused } from "./peer-name.ts";
export type { ListenAddress } from "./tls-listener.ts";
export { readTlsFiles, type TlsFiles, watchTlsFiles } from "./tls-files.ts";
export type { TlsMaterial } from "./tls-material.ts";
export { XdsError, type XdsErrorCode } from "./xds-error.ts";
export type { CloseReason, XdsEvent } from "./xds-event.ts";
export {
  DEFAULT_SERVER_LIMITS,
  type ServerLimits,
  startXdsServer,
  type XdsServer,
  type XdsServerOptions,
} from "./xds-server.ts";
