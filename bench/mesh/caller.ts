/** A client in a pod (caller.c), and the pods that answer it (echo.c): each on a processor of its own. */
import { once } from "node:events";
import { createInterface } from "node:readline";
import { testProgram } from "../../packages/agent/src/bpf/test-program.ts";
import { type Pod } from "../../packages/lab/src/mesh/node.ts";
import { type ProcessPlace, spawnTied, type TiedChild } from "../../packages/lab/src/process/index.ts";
import { PORT } from "./services.ts";

const CLIENT_CPU = "0";
const SERVER_CPU = "1";

export interface Timed {
  /** Nanoseconds. */
  readonly p50: number;
  readonly p90: number;
  readonly failed: number;
}

export interface Met {
  /** CLOCK_MONOTONIC in milliseconds: when the connect began that met it, and when its answer was there. */
  readonly began: number;
  readonly answered: number;
  /** Connects before it that failed. */
  readonly failed: number;
}

export class Caller {
  readonly #tied: TiedChild;
  readonly #lines: AsyncIterator<string>;

  private constructor(tied: TiedChild) {
    this.#tied = tied;
    this.#lines = createInterface({ input: tied.child.stdout! })[Symbol.asyncIterator]();
  }

  /** `translated`: below the node's programs, as a pod's processes are; else outside, where nothing leads to Services. */
  static async start(pod: Pod, stack: AsyncDisposableStack, translated = true): Promise<Caller> {
    const { namespace } = pod.place;
    const place: ProcessPlace = translated ? pod.place : { ...(namespace !== undefined && { namespace }) };
    const tied = await spawnTied({
      command: "taskset",
      args: ["-c", CLIENT_CPU, testProgram("caller")],
      stdio: ["pipe", "pipe", "inherit"],
      place,
    });
    stack.defer(async () => void (await tied.kill()));
    return new Caller(tied);
  }

  /** What `time` dials from now on, one after the other. */
  async targets(addresses: readonly string[]): Promise<void> {
    await this.#ask(`targets ${PORT} ${addresses.join(" ")}`);
  }

  async time(count: number): Promise<Timed> {
    const [p50, p90, failed] = numbers(await this.#ask(`time ${count}`));
    return { p50: p50!, p90: p90!, failed: failed! };
  }

  /** Connects to an address until a certain pod answers. */
  async until(pod: Pod, address: string): Promise<Met> {
    const [began, answered, failed] = numbers(await this.#ask(`until ${pod.ipv4} ${address} ${PORT}`));
    return { began: began! / 1e6, answered: answered! / 1e6, failed: failed! };
  }

  async #ask(line: string): Promise<string> {
    this.#tied.child.stdin!.write(`${line}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`the client ended at: ${line.slice(0, 80)}`);
    return value;
  }
}

/** Resolves when it listens. */
export async function startEcho(pod: Pod, stack: AsyncDisposableStack): Promise<void> {
  const tied = await spawnTied({
    command: "taskset",
    args: ["-c", SERVER_CPU, testProgram("echo"), pod.ipv4, String(PORT)],
    stdio: ["ignore", "pipe", "inherit"],
    place: pod.place,
  });
  stack.defer(async () => void (await tied.kill()));
  await Promise.race([
    once(createInterface({ input: tied.child.stdout! }), "line"),
    tied.exited.then(() => Promise.reject(new Error(`${pod.name}: what answers there has ended`))),
  ]);
}

function numbers(line: string): number[] {
  return line.split(" ").map(Number);
}
