/** The programs of the lab: `lab demo`, `lab api-server …`, `lab backend …`. */
import { runBackend } from "./backend/main.ts";

const PROGRAMS: Readonly<Record<string, (argv: readonly string[]) => Promise<number>>> = {
  backend: runBackend,
};

const [name = "", ...argv] = process.argv.slice(2);
const program = PROGRAMS[name];
if (program === undefined) {
  console.error(`lab: "${name}" is no program of the lab; the programs are ${Object.keys(PROGRAMS).join(", ")}`);
  process.exitCode = 2;
} else {
  process.exitCode = await program(argv);
}
