/** Starts and asks `store-watch.ts`: beside the API servers, which are in this process and must not be kept waiting. */
import { join } from "node:path";
import { createInterface } from "node:readline";
import { spawnTied, type TiedChild } from "../../packages/lab/src/process/index.ts";
import type { NodeKernel } from "./node-kernel.ts";

export interface Stored {
  /** CLOCK_MONOTONIC in milliseconds. */
  readonly at: number;
  /** It was not there so long before: nothing is known more exactly. */
  readonly intervalMs: number;
}

export class StoreWatcher {
  readonly #tied: TiedChild;
  readonly #lines: AsyncIterator<string>;

  private constructor(tied: TiedChild) {
    this.#tied = tied;
    this.#lines = createInterface({ input: tied.child.stdout! })[Symbol.asyncIterator]();
  }

  static async start({ folder }: NodeKernel, stack: AsyncDisposableStack): Promise<StoreWatcher> {
    const tied = await spawnTied({
      command: process.execPath,
      args: ["--conditions=source", join(import.meta.dirname, "store-watch.ts"), folder],
      stdio: ["pipe", "pipe", "inherit"],
    });
    stack.defer(async () => void (await tied.kill()));
    return new StoreWatcher(tied);
  }

  /** Resolves when it watches; what it gives then resolves when there is a new image. */
  async watch(address: string): Promise<{ readonly stored: Promise<Stored> }> {
    this.#tied.child.stdin!.write(`${address}\n`);
    await this.#line();
    const stored = this.#line().then((line) => {
      const [at, interval] = line.split(" ").map(Number);
      return { at: at! / 1e6, intervalMs: interval! / 1e6 };
    });
    return { stored };
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error("what watches the kernel has ended");
    return value;
  }
}
