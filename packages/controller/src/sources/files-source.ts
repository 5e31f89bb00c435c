import { absentSecret, ingest, type IngestRules } from "@carrick/core/ingest";
import { type Kind, KINDS, type RowOf, type SecretRow } from "@carrick/core/model";
import { FolderWatch } from "./folder-watch.ts";
import type { RowChange, RowWriter } from "./kind-writer.ts";
import type { Writers } from "./writers.ts";
import { listManifests, readFileIfChanged, type Signature } from "./manifest-folder.ts";
import { type Manifest, type ManifestObject, readManifest } from "./manifest-file.ts";
import type { KindState, Source } from "./source.ts";

/** How soon a folder that cannot be watched, or a file that is being written, is looked at again. */
const RETRY_MS = 1000;
const UNSETTLED_MS = 20;
const MOST_PROBLEMS = 20;

export interface FilesSourceOptions {
  readonly cluster: string;
  readonly folder: string;
  readonly rules: IngestRules;
  readonly writers: Writers;
  /** Something about the source may have changed. */
  readonly onState: () => void;
}

interface ReadFile extends Manifest {
  readonly signature: Signature;
}

/**
 * Reads one cluster from a folder of YAML, and again whenever something in it changes. A file that is wrong keeps the
 * objects that it had; while one was never right, the cluster is not wholly known.
 */
export class FilesSource implements Source {
  readonly cluster: string;
  readonly from: string;
  readonly settled: Promise<void>;
  readonly #options: FilesSourceOptions;
  readonly #settle: () => void;
  readonly #files = new Map<string, ReadFile>();
  /** What was told, by kind and key: the version of each object. */
  readonly #told = new Map<string, string>();
  /** Secrets that are wanted, and those of them of which was told that they do not exist. */
  #wanted: ReadonlySet<string> = new Set();
  readonly #absent = new Set<string>();
  #problems: string[] = [];
  readonly #watch = new FolderWatch(
    () => this.#look(),
    () => this.#lookAfter(RETRY_MS),
  );
  #timer: NodeJS.Timeout | undefined;
  #heardAt: number | undefined;
  #scanning = false;
  #again = false;
  #stopped = false;

  constructor(options: FilesSourceOptions) {
    this.#options = options;
    this.cluster = options.cluster;
    this.from = options.folder;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.settled = promise;
    this.#settle = resolve;
    this.#look();
  }

  secretsSettled(): Promise<void> {
    return this.settled;
  }

  kinds(): KindState[] {
    const { writers } = this.#options;
    return KINDS.map((kind): KindState => {
      const writer: RowWriter<RowOf[Kind]> = writers[kind];
      const [problem] = this.#problems;
      return {
        kind,
        known: writer.known,
        watching: writer.known && !writer.fromCopy && this.#watch.watching,
        absent: false,
        fromCopy: writer.fromCopy,
        ...(this.#heardAt !== undefined && { heardAt: this.#heardAt }),
        ...(problem !== undefined && !writer.known && { error: problem }),
      };
    });
  }

  problems(): string[] {
    return this.#problems;
  }

  /** All Secrets of the folder are read anyway; of the others it is said that they do not exist. */
  wantSecrets(names: ReadonlySet<string>): void {
    this.#wanted = names;
    this.#tellAbsent();
  }

  stop(): void {
    this.#stopped = true;
    this.#watch.close();
    clearTimeout(this.#timer);
  }

  /** Looks at the folder now, or once more after the look that is going on. */
  #look(): void {
    if (this.#stopped) return;
    if (this.#scanning) {
      this.#again = true;
      return;
    }
    this.#scanning = true;
    void this.#scan().then((again) => {
      this.#scanning = false;
      if (again !== UNSETTLED_MS) this.#settle();
      if (this.#again) {
        this.#again = false;
        this.#look();
      } else if (again !== undefined) this.#lookAfter(again);
    });
  }

  #lookAfter(ms: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), ms);
  }

  /** Returns after how many milliseconds to look again although nothing was noticed. Never throws. */
  async #scan(): Promise<number | undefined> {
    const { folder } = this.#options;
    const problems: string[] = [];
    try {
      let listing = await listManifests(folder);
      while (!this.#stopped && this.#watch.set(listing.folders)) listing = await listManifests(folder);
      const paths = listing.files;
      const unsettled = await this.#read(paths, problems);
      if (unsettled) return UNSETTLED_MS;
      this.#heardAt = Date.now();
      this.#tell(paths, problems);
      return undefined;
    } catch (error) {
      problems.push(
        `${folder}: ${error instanceof Error ? error.message : String(error)}; the last objects stay in force`,
      );
      this.#watch.close();
      return RETRY_MS;
    } finally {
      this.#problems = problems.slice(0, MOST_PROBLEMS);
      this.#options.onState();
    }
  }

  /** Whether a file is being written, so that this look cannot be believed. */
  async #read(paths: readonly string[], problems: string[]): Promise<boolean> {
    const there = new Set(paths);
    for (const path of this.#files.keys()) if (!there.has(path)) this.#files.delete(path);
    for (const path of paths) {
      const reading = await readFileIfChanged(path, this.#files.get(path)?.signature, Date.now);
      if ("unsettled" in reading) return true;
      if ("unchanged" in reading) continue;
      const wrong = "wrong" in reading ? reading.wrong : this.#parse(path, reading.text, reading.signature);
      if (wrong !== undefined) problems.push(`${path}: ${wrong}; its last objects stay in force`);
    }
    for (const path of paths) {
      for (const problem of this.#files.get(path)?.problems ?? []) problems.push(`${path}: ${problem}`);
    }
    return false;
  }

  #parse(path: string, text: string, signature: Signature): string | undefined {
    try {
      const manifest = readManifest(text);
      // A file that lost all it had is more likely broken than meant.
      if (text.trim() === "" && (this.#files.get(path)?.objects.length ?? 0) > 0)
        return "is empty; delete it if they are to go";
      this.#files.set(path, { signature, ...manifest });
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  #tell(paths: readonly string[], problems: string[]): void {
    const { cluster, rules, writers } = this.#options;
    const changes = new Map<Kind, RowChange<RowOf[Kind]>[]>(KINDS.map((kind) => [kind, []]));
    const objects = this.#merge(paths, problems);
    for (const [id, { kind, key, object }] of objects) {
      const version = versionOf(object);
      if (this.#told.get(id) === version) continue;
      this.#told.set(id, version);
      changes.get(kind)!.push({ key, value: ingest(kind, cluster, object, rules) });
    }
    for (const id of this.#told.keys()) {
      if (objects.has(id)) continue;
      this.#told.delete(id);
      const space = id.indexOf(" ");
      changes.get(id.slice(0, space) as Kind)!.push({ key: id.slice(space + 1), deleted: true });
    }
    const complete = paths.every((path) => this.#files.has(path));
    for (const kind of KINDS) {
      const writer: RowWriter<RowOf[Kind]> = writers[kind];
      const ofKind = changes.get(kind)!;
      if (ofKind.length > 0) writer.apply(ofKind);
      if (complete) writer.synced();
    }
    this.#tellAbsent();
  }

  /** Only a folder that was read as a whole can lack something. */
  #tellAbsent(): void {
    const { cluster, writers } = this.#options;
    if (!writers.Secret.known || writers.Secret.fromCopy) return;
    const changes: RowChange<SecretRow>[] = [];
    for (const key of this.#absent) {
      const exists = this.#told.has(`Secret ${key}`);
      if (this.#wanted.has(key) && !exists) continue;
      this.#absent.delete(key);
      if (!exists) changes.push({ key, deleted: true });
    }
    for (const key of this.#wanted) {
      if (this.#absent.has(key) || this.#told.has(`Secret ${key}`)) continue;
      this.#absent.add(key);
      const [namespace = "", name = ""] = key.split("/");
      changes.push({ key, value: absentSecret(cluster, namespace, name) });
    }
    if (changes.length > 0) writers.Secret.apply(changes);
  }

  /** An object that stands in two files is taken from the first by name. */
  #merge(paths: readonly string[], problems: string[]): Map<string, ManifestObject> {
    const merged = new Map<string, ManifestObject>();
    for (const path of paths) {
      for (const one of this.#files.get(path)?.objects ?? []) {
        const id = `${one.kind} ${one.key}`;
        if (!merged.has(id)) merged.set(id, one);
        else problems.push(`${path}: ${id} stands in an earlier file or document already, which is used; remove one`);
      }
    }
    return merged;
  }
}

function versionOf(object: ManifestObject["object"]): string {
  const metadata = object["metadata"];
  return typeof metadata === "object" && metadata !== null && "resourceVersion" in metadata
    ? String(metadata.resourceVersion)
    : "";
}
