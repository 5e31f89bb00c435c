export type * from "./explain.ts";
export type * from "./status.ts";
