/** `node main.ts --config FILE|JSON`: an embedded API server as a process of its own. */
import { runApiServer } from "./run-api-server.ts";

process.exitCode = await runApiServer(process.argv.slice(2));
