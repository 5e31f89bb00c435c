/** A process that is ended and started again under one name. */
import { ProcessError } from "./tied-child.ts";

export interface Life {
  readonly name: string;
  readonly pid: number;
  alive(): boolean;
  kill(): Promise<unknown>;
  stop(): Promise<unknown>;
}

/** Holds the present life of a process. */
export class Restartable<T extends Life> {
  readonly #start: () => Promise<T>;
  #present: T;

  private constructor(start: () => Promise<T>, first: T) {
    this.#start = start;
    this.#present = first;
  }

  static async start<T extends Life>(start: () => Promise<T>): Promise<Restartable<T>> {
    return new Restartable(start, await start());
  }

  /** The process as it was started last; it may have ended. */
  get now(): T {
    return this.#present;
  }

  /** SIGKILL; resolves when it has ended. */
  async kill(): Promise<void> {
    await this.#present.kill();
  }

  async stop(): Promise<void> {
    await this.#present.stop();
  }

  /** Starts it again. Throws `ProcessError` while the last one lives, or if "again" is the same process. */
  async again(): Promise<T> {
    const { name, pid } = this.#present;
    if (this.#present.alive()) throw new ProcessError(`${name}: process ${pid} still lives; end it before a restart`);
    const next = await this.#start();
    if (next.pid === pid) throw new ProcessError(`${name}: restarted as the same process ${pid}, so it never ended`);
    this.#present = next;
    return next;
  }
}
