import { bringUp, takeDown } from "../apply/network.ts";
import { defaultTopology, loadTopology } from "../topology/load.ts";
import { asProgram, textOf, UsageError } from "./command.ts";

export const runUp = asProgram({
  name: "up",
  options: { topology: "string" },
  help: `carrick lab up [--run RUN] [--topology FILE]

Makes the network of a lab: a namespace for each node and control plane, for the
edge and a client, around one router. Without a file: london and paris, two
nodes each. Needs root. Where exactly this stands already, nothing is touched;
what another up has left half-made is removed first.

  --run RUN        name of the run: up to 12 letters and digits; else "lab"
  --topology FILE  clusters, nodes and address ranges (YAML)`,
  run: async (invocation) => {
    noWords(invocation.words);
    const file = textOf(invocation, "topology");
    const began = performance.now();
    const made = await bringUp(file === undefined ? defaultTopology() : loadTopology(file), invocation.run);
    const took = `${Math.round(performance.now() - began)} ms`;
    console.log(made ? `run ${invocation.run} is up, in ${took}` : `run ${invocation.run} stands already, untouched`);
    return 0;
  },
});

export const runDown = asProgram({
  name: "down",
  options: {},
  help: `carrick lab down [--run RUN]

Ends every process of a run and removes all of it: namespaces with their links
and routes, cgroups, pins of eBPF, files. It finds them by the name of the run,
so it needs nothing that an up has written. A run that is not there is no
error.`,
  run: async ({ run, words }) => {
    noWords(words);
    const { processes, namespaces } = await takeDown(run);
    console.log(`run ${run} is down: ${namespaces} namespaces removed, ${processes} processes ended`);
    return 0;
  },
});

function noWords([word]: readonly string[]): void {
  if (word !== undefined) throw new UsageError(`"${word}" means nothing here`);
}
