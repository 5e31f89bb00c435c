import { readRunState } from "../apply/run-state.ts";
import { listDelays } from "../delay/delays.ts";
import { describe } from "../fault/fault-ruleset.ts";
import { listFaults } from "../fault/faults.ts";
import { listProcesses } from "../machine/processes.ts";
import { type Place, placeName, placesOf } from "../plan/place.ts";
import { addressesOf } from "../plan/addresses.ts";
import { nodePods } from "../plan/pods.ts";
import type { Topology } from "../topology/topology.ts";
import { asProgram, UsageError } from "./command.ts";

const NOT_REAL = `Not real here: all machines share one kernel, its clock and its memory; the router
stands for the networks of a cloud and what joins them.`;

export const runStatus = asProgram({
  name: "status",
  options: {},
  help: `carrick lab status [--run RUN]

Shows the machines of a run, their addresses, the ranges of their pods, and what
is cut. It says what of a lab is not real.`,
  run: async ({ run, words: [word] }) => {
    if (word !== undefined) throw new UsageError(`"${word}" means nothing here`);
    const topology = readRunState(run);
    const faults = await listFaults(run);
    console.log(`run ${run}: ${topology.clusters.length} clusters, ${listProcesses(run).length} processes`);
    console.log(table(placesOf(topology).map((place) => line(topology, place))));
    console.log(faults.length === 0 ? "nothing is cut" : "cut, with packets lost by it:");
    for (const fault of faults) console.log(`  ${describe(fault)}  ${fault.packets}`);
    for (const delay of listDelays(run)) console.log(`held back: ${delay}`);
    console.log(`\n${NOT_REAL}`);
    return 0;
  },
});

function line(topology: Topology, place: Place): string[] {
  const { ipv4, ipv6 } = addressesOf(topology, place);
  if (place.kind !== "node") return [placeName(place), ipv4, ipv6, "", ""];
  const pods = nodePods(
    topology.clusters.find(({ name }) => name === place.cluster)!,
    place.node,
  );
  return [placeName(place), ipv4, ipv6, pods.ipv4, pods.ipv6];
}

function table(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => `  ${row.map((cell, at) => cell.padEnd(widths[at]!)).join("  ")}`.trimEnd()).join("\n");
}
