export { MESH_NAMES, MESH_TYPE, type MeshResources, nodeResources, peerResources } from "./resources.ts";
