export { ClusterModel } from "./cluster-model.ts";
export { DeltaClient } from "./delta-client.ts";
export { type Damage, EnvoyModel } from "./envoy-model.ts";
export { type Meaning, meaningOf, resourceOf } from "./meaning.ts";
export { pick, type Random, randomOf } from "./random.ts";
export { type Changes, TableView } from "./table-view.ts";
export { EdgeHistory, type EdgeOutcome } from "./edge-history.ts";
export { EDGE_TYPES, EdgeWorld, ReplicaView, type Rows } from "./edge-world.ts";
export { Link } from "./link.ts";
