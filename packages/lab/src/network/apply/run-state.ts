/** What is kept of a run that is up: its topology, for commands that come later. Nothing depends on it being there. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkRunId } from "../plan/place.ts";
import { parseTopology } from "../topology/load.ts";
import { topologyFile, type Topology } from "../topology/topology.ts";

/** As the namespaces, it is gone when the machine starts again. */
const FOLDER = "/run/carrick-lab";

function folderOf(run: string): string {
  return join(FOLDER, checkRunId(run));
}

export function writeRunState(run: string, topology: Topology): void {
  const folder = folderOf(run);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const file = join(folder, "topology.json");
  writeFileSync(`${file}.new`, `${JSON.stringify(topologyFile(topology), null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

/** A run has no state: it is not up. */
export class RunStateError extends Error {
  override readonly name = "RunStateError";
}

/** Throws `RunStateError` when it is not there, `ConfigError` when somebody has written something else. */
export function readRunState(run: string): Topology {
  const file = join(folderOf(run), "topology.json");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RunStateError(`run ${run} is not up, or its state is lost (${why}); bring it up: carrick lab up`, {
      cause: error,
    });
  }
  return parseTopology(text, file);
}

/** Paths of all that is kept of a run. */
export function listRunState(run: string): string[] {
  try {
    return readdirSync(folderOf(run))
      .map((name) => join(folderOf(run), name))
      .sort();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

export function removeRunState(run: string): void {
  rmSync(folderOf(run), { recursive: true, force: true });
  try {
    rmdirSync(FOLDER);
  } catch {
    // Of another run as well, or not there.
  }
}
