export * from "./apiserver/index.ts";
export * from "./objects/index.ts";
export * from "./trust/index.ts";
