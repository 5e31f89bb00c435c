export type * from "./call.ts";
export { type Check, ok, problem, warning } from "./check.ts";
export { checkLines, type CheckPaint } from "./check-lines.ts";
export type * from "./explain.ts";
export type * from "./kernel.ts";
export type * from "./service.ts";
export type * from "./status.ts";
export { paragraph, printable, shortened, wrap } from "./text.ts";
export { VERSION } from "./version.ts";
