import { spawnTied } from "../../process/index.ts";
import { processPlace } from "../apply/network.ts";
import { readRunState } from "../apply/run-state.ts";
import { PlaceError, placeName, placesOf } from "../plan/place.ts";
import { asProgram, UsageError } from "./command.ts";

export const runExec = asProgram({
  name: "exec",
  options: {},
  help: `carrick lab exec PLACE [--run RUN] -- COMMAND [ARGUMENT]...

Runs a command on a machine of a run: in its network namespace and, on a node,
in its cgroup. It ends with this program. The exit code is the command's.

  carrick lab exec london/n1 -- ip -6 route`,
  run: async ({ run, words: [name, command, ...args] }) => {
    if (name === undefined || command === undefined) throw new UsageError("name a place and, behind --, a command");
    const places = placesOf(readRunState(run));
    const place = places.find((one) => placeName(one) === name);
    if (place === undefined) throw new PlaceError(name, places.map(placeName));
    const tied = await spawnTied({ command, args, stdio: "inherit", place: processPlace(run, place) });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => tied.child.kill(signal));
    const { code, signal } = await tied.exited;
    if (code === null) console.error(`lab exec: ${command} was ended by ${signal}`);
    return code ?? 1;
  },
});
