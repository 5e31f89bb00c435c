import { readRunState } from "../apply/run-state.ts";
import { around, EVERYWHERE, type Fault } from "../fault/fault.ts";
import { addFaults, heal } from "../fault/faults.ts";
import { asProgram, type Invocation, percentOf, textOf, UsageError } from "./command.ts";

export const runCut = asProgram({
  name: "cut",
  options: { from: "string", to: "string", loss: "string" },
  help: `carrick lab cut PLACE [--loss SHARE] [--run RUN]
carrick lab cut [--from PLACE] [--to PLACE] [--loss SHARE] [--run RUN]

Loses packets in the router: between a place and all others both ways, or one
way only. A place is a cluster (paris), a machine (london/n1, london/cp, edge,
client) or "*". A cluster that is cut off still works inside.

  carrick lab cut paris
  carrick lab cut --from london/n1 --to paris --loss 20%`,
  run: async (invocation) => {
    const faults = faultsOf(invocation);
    await addFaults(readRunState(invocation.run), invocation.run, faults);
    return 0;
  },
});

function faultsOf(invocation: Invocation): Fault[] {
  const [place, more] = invocation.words;
  const [from, to] = [textOf(invocation, "from"), textOf(invocation, "to")];
  const loss = percentOf(textOf(invocation, "loss") ?? "100%");
  if (more !== undefined) throw new UsageError(`"${more}" is one place too many; cut one after the other`);
  const line = from !== undefined || to !== undefined;
  if (line === (place !== undefined)) throw new UsageError("name a place, or a line by --from and --to");
  return place === undefined ? [{ from: from ?? EVERYWHERE, to: to ?? EVERYWHERE, loss }] : around(place, loss);
}

export const runHeal = asProgram({
  name: "heal",
  options: {},
  help: `carrick lab heal [PLACE] [--run RUN]

Takes back what cut has done: all that names this place, or everything.`,
  run: async ({ run, words: [place, more] }) => {
    if (more !== undefined) throw new UsageError(`"${more}" is one place too many; heal one after the other`);
    await heal(readRunState(run), run, place);
    return 0;
  },
});
