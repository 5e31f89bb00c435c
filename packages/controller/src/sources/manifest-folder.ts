import type { Dirent } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";

const DEEPEST = 8;
const MOST_FILES = 20_000;
const LARGEST_FILE = 64 * 1024 * 1024;
/** A file that was written less than this before it is read may still be being written. */
const SETTLED_MS = 20;

/** What a path looked like when it was read: it need not be read again while this is the same. */
export type Signature = string;

export type FileReading =
  | { readonly text: string; readonly signature: Signature }
  | { readonly unchanged: true }
  /** It is being written: look again soon. */
  | { readonly unsettled: true }
  | { readonly wrong: string };

export interface Listing {
  /** Paths of all YAML and JSON files, sorted. */
  readonly files: readonly string[];
  /** The folder itself and those below it. */
  readonly folders: readonly string[];
}

/** What is below a folder. Throws if it cannot be read. */
export async function listManifests(folder: string): Promise<Listing> {
  const found = { files: new Array<string>(), folders: new Array<string>() };
  await walk(folder, 0, found);
  found.files.sort((a, b) => (a < b ? -1 : 1));
  return found;
}

async function walk(folder: string, depth: number, found: { files: string[]; folders: string[] }): Promise<void> {
  found.folders.push(folder);
  if (depth > DEEPEST) throw new Error(`${folder}: is nested deeper than ${DEEPEST} folders`);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    // A mounted ConfigMap keeps its versions in folders whose names begin with `..`.
    if (entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await walk(path, depth + 1, found);
    else if (isManifest(entry)) found.files.push(path);
    if (found.files.length > MOST_FILES) throw new Error(`has more than ${MOST_FILES} files`);
  }
}

function isManifest(entry: Dirent): boolean {
  return (entry.isFile() || entry.isSymbolicLink()) && /\.(ya?ml|json)$/.test(entry.name);
}

/** Reads one file unless it is as it was. Never throws. */
export async function readFileIfChanged(
  path: string,
  was: Signature | undefined,
  now: () => number,
): Promise<FileReading> {
  try {
    await using file = await open(path, "r");
    const before = await file.stat({ bigint: true });
    const signature = `${before.ino} ${before.size} ${before.mtimeNs}`;
    if (signature === was) return { unchanged: true };
    if (before.size > LARGEST_FILE) return { wrong: `is larger than ${LARGEST_FILE} bytes` };
    if (Math.abs(now() - Number(before.mtimeMs)) < SETTLED_MS) return { unsettled: true };
    const text = await file.readFile("utf8");
    const after = await file.stat({ bigint: true });
    if (after.mtimeNs !== before.mtimeNs || after.size !== before.size) return { unsettled: true };
    return { text, signature };
  } catch (error) {
    return { wrong: `cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}
