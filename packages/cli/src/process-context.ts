import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { CliContext } from "./context.ts";
import { paintFor } from "./render/paint.ts";

const UNKNOWN_WIDTH = 80;

/** The world of the running process. */
export function processContext(): CliContext {
  const { stdout, stderr, env } = process;
  return {
    process: { stdout, stderr, env },
    env,
    screen: {
      terminal: stdout.isTTY,
      get width() {
        // A terminal that does not know its size says 0.
        return (stdout.isTTY && stdout.columns) || UNKNOWN_WIDTH;
      },
      get height() {
        return (stdout.isTTY && stdout.rows) || Infinity;
      },
      paint: paintFor(stdout),
    },
    showsProgress: stderr.isTTY,
    now: () => Date.now(),
    pause: async (ms, signal) => {
      await delay(ms, undefined, { signal });
    },
    interruption: () => {
      const controller = new AbortController();
      for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => controller.abort());
      return controller.signal;
    },
    controllerProgram: bundledController(),
  };
}

/** The controller's bundle lies beside this command's. */
function bundledController(): string[] | undefined {
  const path = join(import.meta.dirname, "controller.mjs");
  return existsSync(path) ? [process.execPath, path] : undefined;
}
