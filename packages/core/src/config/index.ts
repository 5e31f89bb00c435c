export type { Complaint } from "./complaint.ts";
export { ConfigError } from "./config-error.ts";
export { parseConfig } from "./parse-config.ts";
