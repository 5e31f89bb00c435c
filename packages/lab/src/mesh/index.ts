export { type Connect, type Connects, failures, startConnects } from "./connects.ts";
export { CART_HOST, type MeshEdge } from "./edge.ts";
export {
  CART_NAME,
  HTTP_PORT,
  type Mesh,
  type MeshCluster,
  type MeshOptions,
  POD_PORT,
  startMesh,
  type TalkingPod,
} from "./mesh.ts";
export type { MeshNode, Pod } from "./node.ts";
