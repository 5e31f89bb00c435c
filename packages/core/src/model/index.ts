export { exact } from "./exact.ts";
export * from "./keys.ts";
export * from "./problem.ts";
export * from "./rows.ts";
export { secretText } from "./secret-text.ts";
export * from "./tables.ts";
export { sharedData, sharedText } from "./shared.ts";
