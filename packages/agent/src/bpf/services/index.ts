export { ClusterHealths } from "./cluster-health.ts";
export type { Condition } from "./conditions.ts";
export type { Frontend, GroupDescription, Member, Protocol, ServiceDescription } from "./description.ts";
export { type ClusterHealth, HEALTHY } from "./health-word.ts";
export { type Held, type HeldGroup, type HeldImage, readHeld } from "./held.ts";
export { FencedError, LockHeldError, Ownership, WriterLock } from "./ownership.ts";
export { Publisher } from "./publisher.ts";
export { ServiceMaps } from "./service-maps.ts";
