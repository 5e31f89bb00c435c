export { emptyAssignment, upstreamName } from "./backends.ts";
export {
  edgeArguments,
  edgeBootstrap,
  type EdgeBootstrapOptions,
  edgeSecretFiles,
  type EdgeTlsFiles,
  type JsonObject,
} from "./bootstrap.ts";
export { defineEdges, type Edge, type EdgeType } from "./edge.ts";
export { type ResourceRow, SHORT_NAMES, TYPE } from "./resource.ts";
