export { RunLockedError } from "./apply/lock.ts";
export { bringUp, processPlace, takeDown } from "./apply/network.ts";
export { readRunState } from "./apply/run-state.ts";
export type { Removed } from "./apply/remove.ts";
export { readSnapshot } from "./compare/read-snapshot.ts";
export { compareSnapshots, type Snapshot } from "./compare/snapshot.ts";
export type { Delay } from "./delay/delay-plan.ts";
export { listDelays, type RunningDelay, startDelay } from "./delay/delays.ts";
export { around, cut, EVERYWHERE, type Fault, FaultError, type Line } from "./fault/fault.ts";
export { describe as describeFault, type StandingFault } from "./fault/fault-ruleset.ts";
export { addFaults, heal, listFaults } from "./fault/faults.ts";
export { CgroupError, cgroupRoot, ensureCgroup } from "./machine/cgroups.ts";
export { ensureBpffs, ensurePins } from "./machine/pins.ts";
export { listProcesses, type RunProcess } from "./machine/processes.ts";
export {
  checkRunId,
  namespaceOf,
  type Place,
  PlaceError,
  placeName,
  placesOf,
  placeSlug,
  runPrefix,
  RunIdError,
} from "./plan/place.ts";
export { addressesOf } from "./plan/addresses.ts";
export { MACHINE_LINK, planNetwork } from "./plan/plan.ts";
export type { Plan } from "./plan/planned.ts";
export { nodePods } from "./plan/pods.ts";
export { defaultTopology, loadTopology, parseTopology } from "./topology/load.ts";
export type { Cluster, Ranges, Topology } from "./topology/topology.ts";
