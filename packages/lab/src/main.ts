/** The programs of the lab: `lab demo`, `lab api-server …`, `lab backend …`. */
import { runApiServer } from "./apiserver/run-api-server.ts";
import { runBackend } from "./backend/main.ts";

type Run = (argv: readonly string[]) => Promise<number>;

const PROGRAMS: Readonly<Record<string, () => Promise<Run>>> = {
  // Loaded when it is asked for: the other programs start many times, and need none of it.
  demo: async () => (await import("./demo/main.ts")).runDemoProgram,
  "api-server": async () => runApiServer,
  backend: async () => runBackend,
};

const HELP = `carrick lab PROGRAM

What the demo and the tests are made of: clusters on one machine, without root.

  demo         two clusters behind one edge, every claim checked (carrick demo)
  api-server   a Kubernetes API server that keeps objects and runs nothing
  backend      HTTP servers that say which cluster and pod they are

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
