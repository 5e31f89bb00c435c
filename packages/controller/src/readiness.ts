import type { Source } from "./sources/source.ts";

const LOOK_MS = 250;
/**
 * A source of which nothing is heard is looked at so many times before nobody waits for it any longer. Looks are counted
 * and not time, because a process that is busy with long lists hears nobody meanwhile.
 */
const SILENT_LOOKS = 20;
/** Nor for one that goes on, but more slowly than all others, when so many have passed since the last other was done. */
const LAST_LOOKS = 40;

export interface ReadinessOptions {
  readonly sources: readonly Source[];
  /** What has been told is derived. */
  readonly open: () => Promise<void>;
}

/** What a replica that starts waits for, so that Envoys are not told half of what can be known in a moment. */
export class Readiness {
  readonly #sources: readonly Source[];
  readonly #done: Promise<void>;
  #ready = false;

  /** Ready when every source has told everything, has failed, or only hangs; and what follows from it is derived. */
  constructor({ sources, open }: ReadinessOptions) {
    this.#sources = sources;
    this.#done = this.#settle((source) => source.settled)
      .then(open)
      .then(() => this.#settle((source) => source.secretsSettled()))
      .then(() => {
        this.#ready = true;
      });
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Resolves when ready. */
  done(): Promise<void> {
    return this.#done;
  }

  /** Initializers that are not done, while readiness waits for them. */
  waitingFor(): string[] {
    if (this.#ready) return [];
    const missing = this.missing();
    return missing.length > 0 ? missing : ["what all clusters have told is being derived"];
  }

  /** `paris/Ingress: …` for each kind of each cluster that has never been told. */
  missing(): string[] {
    return this.#sources.flatMap((source) =>
      source
        .kinds()
        .filter(({ known, kind }) => !known && (kind !== "Secret" || !this.#ready))
        .map(({ kind, error }) => `${source.cluster}/${kind}: ${error ?? "has not been told yet"}`),
    );
  }

  async #settle(settled: (source: Source) => Promise<void>): Promise<void> {
    const waiting = new Set(this.#sources);
    const done = Promise.all(this.#sources.map((source) => settled(source).then(() => waiting.delete(source))));
    await Promise.race([done, onlyLaggards(waiting, this.#sources.length)]);
  }
}

/** Resolves when those that are still waited for only hang, or lag behind all others. */
function onlyLaggards(waiting: ReadonlySet<Source>, all: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const silent = new Map<Source, { heard: number; looks: number }>();
  let left = waiting.size;
  let since = 0;
  const timer = setInterval(() => {
    since = waiting.size === left ? since + 1 : 0;
    left = waiting.size;
    for (const source of waiting) {
      const heard = Math.max(...source.kinds().map(({ heardAt }) => heardAt ?? 0));
      const before = silent.get(source);
      silent.set(source, { heard, looks: before?.heard === heard ? before.looks + 1 : 0 });
    }
    const hanging = [...waiting].every((source) => (silent.get(source)?.looks ?? 0) >= SILENT_LOOKS);
    if (left === 0 || hanging || (left < all && since >= LAST_LOOKS)) {
      clearInterval(timer);
      resolve();
    }
  }, LOOK_MS);
  return promise;
}
