export { type Capability, missingCapabilities } from "./capabilities.ts";
export { close, systemCall, type SystemCall } from "./libc.ts";
export { SystemError } from "./system-error.ts";
export { unlessCode } from "./unless-code.ts";
