export type * from "./explain.ts";
export type * from "./status.ts";
export { VERSION } from "./version.ts";
