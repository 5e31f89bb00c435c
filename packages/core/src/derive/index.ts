export { type AdmittedIngress, admittedByHost, admittedBySecret, admittedIngresses } from "./admitted.ts";
export { ascii } from "./ascii.ts";
export { type AssignmentRow, assignments, backendSets } from "./assignments.ts";
export { type BackendSetKey, parseBackendSetKey } from "./backend-set.ts";
export { type ChainRow, chains, everyChain, type ServerNameRow, serverNames } from "./chains.ts";
export { type ClusterState, clusterStates } from "./cluster-states.ts";
export { serverNameCandidates, wildcardOf } from "./certificate-names.ts";
export { type Finding, withFindings } from "./finding.ts";
export type { EdgeEnvironment, Fleet, ListenAddress } from "./fleet.ts";
export { hosts, type HostRow } from "./hosts.ts";
export { CERTIFICATES, known, type KnownRow, ROUTES } from "./known.ts";
export type { HostRoute } from "./merge-paths.ts";
export {
  exactTable,
  HTTP,
  type PlacementRow,
  placements,
  tableOf,
  type TableSlot,
  tableSlots,
  wildTable,
} from "./placements.ts";
export { type Member, select, type Selection } from "./select.ts";
export { TABLE_MODULUS } from "./table-hash.ts";
export { type TablePlan, TablePlanner } from "./table-plan.ts";
