/** The programs of the lab: `lab demo`, `lab api-server …`, `lab up …`. */
import { runApiServer } from "./apiserver/run-api-server.ts";
import { runBackend } from "./backend/main.ts";

type Run = (argv: readonly string[]) => Promise<number>;

const PROGRAMS: Readonly<Record<string, () => Promise<Run>>> = {
  // Loaded when it is asked for: the other programs start many times, and need none of it.
  demo: async () => (await import("./demo/main.ts")).runDemoProgram,
  "api-server": async () => runApiServer,
  backend: async () => runBackend,
  relay: async () => (await import("./network/delay/relay.ts")).runRelay,
  up: async () => (await import("./network/commands/up-down.ts")).runUp,
  down: async () => (await import("./network/commands/up-down.ts")).runDown,
  status: async () => (await import("./network/commands/status.ts")).runStatus,
  exec: async () => (await import("./network/commands/exec.ts")).runExec,
  cut: async () => (await import("./network/commands/cut-heal.ts")).runCut,
  heal: async () => (await import("./network/commands/cut-heal.ts")).runHeal,
};

const HELP = `carrick lab PROGRAM

Clusters on one machine: for the demo and the tests without root, and as a
network of namespaces with root.

  demo         two clusters behind one edge, every claim checked (carrick demo)
  api-server   a Kubernetes API server that keeps objects and runs nothing
  backend      HTTP servers that say which cluster and pod they are

  up, down     the network of a run: nodes, control planes, edge, client, router
  status       its machines, their addresses, what is cut
  exec         a command on one of its machines
  cut, heal    lines that lose packets, and are mended

carrick lab PROGRAM --help says more of each.`;

const [name = "", ...argv] = process.argv.slice(2);
const load = Object.hasOwn(PROGRAMS, name) ? PROGRAMS[name] : undefined;
if (name === "--help" || name === "-h") {
  console.log(HELP);
} else if (load === undefined) {
  const known = Object.keys(PROGRAMS).join(", ");
  console.error(name === "" ? HELP : `lab: "${name}" is no program of the lab; the programs are ${known}`);
  process.exitCode = 2;
} else {
  const run = await load();
  // Whatever is still open must not keep the process: when a program says that it is done, it is.
  process.exit(await run(argv));
}
