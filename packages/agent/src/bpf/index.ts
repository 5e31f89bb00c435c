/** The datapath in the kernel: programs, and the maps that they read. */
export * from "./kernel/index.ts";
export { addressBytes, addressText, isMappedIPv4 } from "./layout/address.ts";
export { MAX_CLUSTERS, MAX_GROUPS } from "./layout/generated.ts";
export * from "./pod-programs.ts";
export * from "./service-map.ts";
export * from "./services/index.ts";
export * from "./socket-programs.ts";
export { ticksNow } from "./ticks.ts";
