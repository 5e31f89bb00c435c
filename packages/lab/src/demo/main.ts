/** The demo as a program: `lab demo`. */
import { runDemo } from "./demo.ts";
import { STEPS } from "./parts.ts";

const HELP = `carrick demo [STEP]...

Starts two clusters, two replicas of the controller and two Envoys on
127.0.0.0/8, without root, then, as root, two clusters whose pods are one
network in this kernel; and checks every claim. In a terminal the first stay up
and it says what to try, until Ctrl-C. docs/demo.md explains it.

Without a STEP all of them run:
${STEPS.map(({ number, title }) => `  ${String(number).padStart(2)}  ${title}`).join("\n")}

ENVIRONMENT
  DEMO_FAULT   number of a step: plants a fault that this step has to catch
  CI           anything: takes itself down also in a terminal

EXIT CODES
    0  every check held              2  it could not begin
    1  a check did not hold        130  Ctrl-C`;

/** The first Ctrl-C or SIGTERM takes the demo down in order; the second ends it at once. */
export async function runDemoProgram(argv: readonly string[]): Promise<number> {
  if (argv.includes("--help") || argv.includes("-h")) {
    console.log(HELP);
    return 0;
  }
  const { promise: interrupted, resolve } = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
  return runDemo(argv, { env: process.env, stdout: process.stdout, interrupted });
}
