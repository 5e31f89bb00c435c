export { SystemError } from "./sys/system-error.ts";
