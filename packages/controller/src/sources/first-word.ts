import type { ReflectorState } from "@carrick/kube";

/** A failure that passes by itself is over by the third attempt, half a second later. */
const ATTEMPTS = 3;

/** Resolves when a source has told everything once, or has failed so often that the others need not wait for it. */
export class FirstWord {
  readonly heard: Promise<void>;
  readonly #resolve: () => void;
  #failures = 0;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.heard = promise;
    this.#resolve = resolve;
  }

  told(): void {
    this.#resolve();
  }

  state({ phase, error }: ReflectorState): void {
    if (phase !== "waiting" || error === undefined) return;
    this.#failures++;
    // A refusal is an answer: asking again does not change it.
    if (this.#failures >= ATTEMPTS || error.status === 403 || error.status === 401) this.#resolve();
  }
}
