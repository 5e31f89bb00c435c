export { adminRequest, parseStats } from "./admin.ts";
export type { AdminResponse } from "./admin.ts";
export { EnvoyError, findEnvoy } from "./binary.ts";
export { startEnvoy } from "./envoy.ts";
export type { Envoy, EnvoyOptions } from "./envoy.ts";
export { cpuByThread, rssBytes } from "./process-figures.ts";
