/** Takes away everything of a run, found by its names alone: no file is needed to know what was made. */
import { deleteNamespace, listNamespaces } from "@carrick/agent/net";
import { removeCgroups } from "../machine/cgroups.ts";
import { removePins } from "../machine/pins.ts";
import { killProcesses } from "../machine/processes.ts";
import { runPrefix } from "../plan/place.ts";
import { removeRunState } from "./run-state.ts";

export interface Removed {
  readonly processes: number;
  readonly namespaces: number;
}

/**
 * Processes first (they hold the rest), then namespaces with their links, routes and rules, then cgroups and pins. A
 * run of which there is nothing is no error. Throws `ProcessError`, `CgroupError`.
 */
export function removeNetwork(run: string): Removed {
  const prefix = runPrefix(run);
  const processes = killProcesses(run);
  const names = listNamespaces().filter((name) => name.startsWith(prefix));
  for (const name of names) deleteNamespace(name);
  removeCgroups(run);
  removePins(run);
  removeRunState(run);
  return { processes, namespaces: names.length };
}
