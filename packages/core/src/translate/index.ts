export { defineEdge, type Edge, type EdgeType } from "./edge.ts";
export { upstreamName } from "./backends.ts";
export { type ResourceRow, TYPE } from "./resource.ts";
