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

const [name = "", ...argv] = process.argv.slice(2);
const load = PROGRAMS[name];
if (load === undefined) {
  console.error(`lab: "${name}" is no program of the lab; the programs are ${Object.keys(PROGRAMS).join(", ")}`);
  process.exitCode = 2;
} else {
  const run = await load();
  // Whatever is still open must not keep the process: when a program says that it is done, it is.
  process.exit(await run(argv));
}
