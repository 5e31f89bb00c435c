export { type Connect, connect, type Connects, failures, startConnects } from "./connects.ts";
export {
  CART_NAME,
  type Mesh,
  type MeshCluster,
  type MeshOptions,
  POD_PORT,
  startMesh,
  type TalkingPod,
} from "./mesh.ts";
export type { MeshNode, Pod } from "./node.ts";
