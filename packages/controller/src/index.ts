export { loadConfig } from "./config/load.ts";
export type { Config } from "./config/schema.ts";
export { type Controller, type ControllerOptions, startController } from "./controller.ts";
export { createLogger } from "./log.ts";
