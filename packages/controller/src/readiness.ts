import type { Source } from "./sources/source.ts";

/** What a replica that starts waits for, so that Envoys are not told half of what can be known in a moment. */
export class Readiness {
  readonly #sources: readonly Source[];
  readonly #done: Promise<void>;
  #ready = false;

  /** Ready when every source has told everything or failed once; `deadline` ends the wait for those that only hang. */
  constructor(sources: readonly Source[], deadline: Promise<void>) {
    this.#sources = sources;
    const settled = Promise.all(sources.map((source) => source.settled)).then(() => undefined);
    this.#done = Promise.race([settled, deadline]).then(() => {
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
}
