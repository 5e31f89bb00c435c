import type { KubeError } from "../kube-error.ts";
import type { ReflectorState } from "./sink.ts";

const tellEveryMs = 1_000;

/** Holds a reflector's state and tells it: each change at once, mere signs of life at most once a second. */
export class StateTeller {
  readonly #tell: (state: ReflectorState) => void;
  readonly #now: () => number;
  #phase: ReflectorState["phase"] = "connecting";
  #absent = false;
  #error: KubeError | undefined;
  #heardAt: number | undefined;
  #toldAt = -Infinity;

  constructor(tell: (state: ReflectorState) => void, now: () => number) {
    this.#tell = tell;
    this.#now = now;
  }

  /** The server is asked again after a failure, which is still the last that is known. */
  connecting(): void {
    if (this.#phase === "waiting") this.#become("connecting");
  }

  listing(): void {
    this.#become("listing");
  }

  /** Every change is told from now on. */
  watching(): void {
    if (this.#phase === "watching" && this.#error === undefined) return;
    this.#error = undefined;
    this.#absent = false;
    this.#become("watching");
  }

  waiting(error: KubeError): void {
    this.#error = error;
    this.#become("waiting");
  }

  absent(): void {
    this.#error = undefined;
    this.#absent = true;
    this.#become("waiting");
  }

  /** The server has said something. */
  heard(): void {
    this.#heardAt = this.#now();
    if (this.#heardAt - this.#toldAt >= tellEveryMs) this.#say();
  }

  #become(phase: ReflectorState["phase"]): void {
    this.#phase = phase;
    this.#say();
  }

  #say(): void {
    this.#toldAt = this.#now();
    this.#tell({
      phase: this.#phase,
      absent: this.#absent,
      ...(this.#heardAt === undefined ? {} : { heardAt: this.#heardAt }),
      ...(this.#error === undefined ? {} : { error: this.#error }),
    });
  }
}
