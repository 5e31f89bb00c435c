import type { Source } from "./sources/source.ts";

/**
 * A source that hangs is looked at so many times, that far apart, before nobody waits for it any longer. Looks are
 * counted and not time, because a process that is busy with long lists hears nobody meanwhile.
 */
const SILENT_LOOKS = 20;
const LOOK_MS = 250;

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
        .filter(({ known, kind }) => !known && kind !== "Secret")
        .map(({ kind, error }) => `${source.cluster}/${kind}: ${error ?? "its first list has not been told yet"}`),
    );
  }

  async #settle(settled: (source: Source) => Promise<void>): Promise<void> {
    const waits = this.#sources.map((source) => settledOrSilent(source, settled(source)));
    await Promise.all(waits);
  }
}

/** A long list is waited for as long as it goes on; a source that says nothing is not. */
function settledOrSilent(source: Source, settled: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let heard = 0;
  let silent = 0;
  const timer = setInterval(() => {
    const last = Math.max(...source.kinds().map(({ heardAt }) => heardAt ?? 0));
    silent = last > heard ? 0 : silent + 1;
    heard = Math.max(heard, last);
    if (silent >= SILENT_LOOKS) resolve();
  }, LOOK_MS);
  void settled.then(resolve);
  return promise.finally(() => clearInterval(timer));
}
