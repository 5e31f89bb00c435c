/** Cuts, heals and shows: faults of a run that is up. */
import { applyRuleset, listRuleset, namespacePath } from "@carrick/agent/net";
import { withRunLock } from "../apply/lock.ts";
import { namespaceOf } from "../plan/place.ts";
import type { Topology } from "../topology/topology.ts";
import { checkPlace, type Fault, withFaults, withoutFaults } from "./fault.ts";
import { FAULT_TABLE, faultRuleset, readFaults, type StandingFault } from "./fault-ruleset.ts";

/** Throws `NftError` when the run is not up. */
export async function listFaults(run: string): Promise<StandingFault[]> {
  const router = routerPath(run);
  // Asked for all tables: to ask for one that is not there is an error of nft.
  const tables = (await listRuleset("look for faults", ["tables"], router)) as {
    nftables: { table?: { name: string } }[];
  };
  if (!tables.nftables.some(({ table }) => table?.name === FAULT_TABLE.name)) return [];
  const { family, name } = FAULT_TABLE;
  return readFaults(await listRuleset("read the faults", ["table", family, name], router));
}

/** In force when it resolves, for packets of open connections too. Throws `FaultError`, `NftError`. */
export function addFaults(topology: Topology, run: string, more: readonly Fault[]): Promise<void> {
  return change(topology, run, (present) => withFaults(present, more));
}

/** Those that begin or end at a place, or all. Throws `PlaceError`, `NftError`. */
export async function heal(topology: Topology, run: string, place?: string): Promise<void> {
  if (place !== undefined) checkPlace(topology, place);
  await change(topology, run, (present) => withoutFaults(present, place));
}

function change(topology: Topology, run: string, next: (present: readonly Fault[]) => readonly Fault[]): Promise<void> {
  return withRunLock(run, async () => {
    const ruleset = faultRuleset(topology, next(await listFaults(run)));
    await applyRuleset(`change the faults of run ${run}`, ruleset, routerPath(run));
  });
}

function routerPath(run: string): string {
  return namespacePath(namespaceOf(run, { kind: "router" }));
}
