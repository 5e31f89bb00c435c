import { readRunState } from "../apply/run-state.ts";
import { ProcessError } from "../../process/index.ts";
import { type RunningDelay, startDelay } from "../delay/delays.ts";
import { around, EVERYWHERE, type Line } from "../fault/fault.ts";
import { addFaults, heal } from "../fault/faults.ts";
import { asProgram, type Invocation, millisecondsOf, percentOf, textOf, UsageError } from "./command.ts";

export const runCut = asProgram({
  name: "cut",
  options: { from: "string", to: "string", loss: "string", delay: "string" },
  help: `carrick lab cut PLACE [--loss SHARE | --delay TIME] [--run RUN]
carrick lab cut [--from PLACE] [--to PLACE] [--loss SHARE | --delay TIME]

Loses packets in the router: between a place and all others both ways, or one
way only. A place is a cluster (paris), a machine (london/n1, london/cp, edge,
client) or "*". A cluster that is cut off still works inside.

With --delay packets are held back instead, as long as this command runs.

  carrick lab cut paris
  carrick lab cut --from london/n1 --to paris --loss 20%
  carrick lab cut paris --delay 40ms`,
  run: async (invocation) => {
    const lines = linesOf(invocation);
    const [loss, delay] = [textOf(invocation, "loss"), textOf(invocation, "delay")];
    if (loss !== undefined && delay !== undefined)
      throw new UsageError("--loss and --delay are two cuts; make one, then the other");
    if (delay !== undefined) return holdBack(invocation.run, lines, millisecondsOf(delay));
    const faults = lines.map((line) => ({ ...line, loss: percentOf(loss ?? "100%") }));
    await addFaults(readRunState(invocation.run), invocation.run, faults);
    return 0;
  },
});

function linesOf(invocation: Invocation): Line[] {
  const [place, more] = invocation.words;
  const [from, to] = [textOf(invocation, "from"), textOf(invocation, "to")];
  if (more !== undefined) throw new UsageError(`"${more}" is one place too many; cut one after the other`);
  const line = from !== undefined || to !== undefined;
  if (line === (place !== undefined)) throw new UsageError("name a place, or a line by --from and --to");
  return place === undefined ? [{ from: from ?? EVERYWHERE, to: to ?? EVERYWHERE }] : around(place);
}

/** Until a signal, or until a relay ends. */
async function holdBack(run: string, lines: readonly Line[], delayMs: number): Promise<number> {
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
  });
  const topology = readRunState(run);
  const delays: RunningDelay[] = [];
  try {
    for (const line of lines) delays.push(await startDelay(topology, run, { ...line, delayMs }));
    console.log(`held back by ${delayMs} ms until this command ends (Ctrl-C)`);
    const ended = await Promise.race([interrupted, ...delays.map(({ relay }) => relay.exited)]);
    if (ended !== undefined) throw new ProcessError("a relay has ended: the lab was taken down, or somebody killed it");
    return 0;
  } finally {
    for (const delay of delays) await delay.stop();
  }
}

export const runHeal = asProgram({
  name: "heal",
  options: {},
  help: `carrick lab heal [PLACE] [--run RUN]

Takes back what cut has done: all that names this place, or everything.
What cut --delay holds back ends with that command.`,
  run: async ({ run, words: [place, more] }) => {
    if (more !== undefined) throw new UsageError(`"${more}" is one place too many; heal one after the other`);
    await heal(readRunState(run), run, place);
    return 0;
  },
});
