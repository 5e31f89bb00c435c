/** The demo as a program: `lab demo`. */
import { runDemo } from "./demo.ts";

/** The first Ctrl-C or SIGTERM takes the demo down in order; the second ends it at once. */
export async function runDemoProgram(argv: readonly string[]): Promise<number> {
  const { promise: interrupted, resolve } = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
  return runDemo(argv, { env: process.env, stdout: process.stdout, interrupted });
}
