import { processContext } from "./process-context.ts";
import { runCarrick } from "./run.ts";

// `carrick status | head`: who reads no further is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

process.exitCode = await runCarrick(process.argv.slice(2), processContext());
