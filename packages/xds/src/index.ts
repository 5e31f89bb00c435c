export * from "./grpc/index.ts";
export * from "./protocol/index.ts";
