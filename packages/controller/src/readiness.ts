import type { Source } from "./sources/source.ts";

/** A source that hangs keeps nobody waiting for longer than this after it was heard last. */
const SILENCE_MS = 5_000;
const LOOK_MS = 250;

export interface ReadinessOptions {
  readonly sources: readonly Source[];
  /** What has been told is derived. */
  readonly open: () => Promise<void>;
  readonly now: () => number;
}

/** What a replica that starts waits for, so that Envoys are not told half of what can be known in a moment. */
export class Readiness {
  readonly #sources: readonly Source[];
  readonly #done: Promise<void>;
  #ready = false;

  /** Ready when every source has told everything, has failed, or only hangs; and what follows from it is derived. */
  constructor({ sources, open, now }: ReadinessOptions) {
    this.#sources = sources;
    this.#done = this.#settle((source) => source.settled, now)
      .then(open)
      .then(() => this.#settle((source) => source.secretsSettled(), now))
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
    return this.#ready ? [] : this.missing();
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

  async #settle(settled: (source: Source) => Promise<void>, now: () => number): Promise<void> {
    const waits = this.#sources.map((source) => settledOrSilent(source, settled(source), now));
    await Promise.all(waits);
  }
}

/** A long list is waited for as long as it goes on; a source that says nothing is not. */
function settledOrSilent(source: Source, settled: Promise<void>, now: () => number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const began = now();
  const timer = setInterval(() => {
    const heard = Math.max(began, ...source.kinds().map(({ heardAt }) => heardAt ?? 0));
    if (now() - heard >= SILENCE_MS) resolve();
  }, LOOK_MS);
  void settled.then(resolve);
  return promise.finally(() => clearInterval(timer));
}
