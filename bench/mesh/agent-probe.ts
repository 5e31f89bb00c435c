/** Asks an agent, in the network of its node, until it is ready. */
import { createInterface } from "node:readline";
import { AGENT_METRICS } from "../../packages/lab/src/mesh/node.ts";
import { type ProcessPlace, spawnTied, type TiedChild } from "../../packages/lab/src/process/index.ts";

const POLL_MS = 5;

const PROBE = `
  require("node:readline").createInterface({ input: process.stdin }).on("line", async () => {
    const ready = () => fetch(process.argv[1]).then(({ ok }) => ok, () => false);
    while (!(await ready())) await new Promise((resolve) => setTimeout(resolve, ${POLL_MS}));
    console.log("ready");
  });`;

export class AgentProbe {
  readonly #tied: TiedChild;
  readonly #lines: AsyncIterator<string>;

  private constructor(tied: TiedChild) {
    this.#tied = tied;
    this.#lines = createInterface({ input: tied.child.stdout! })[Symbol.asyncIterator]();
  }

  /** In the namespace of the node alone: what is below its cgroup is counted as the node's. */
  static async start({ namespace }: ProcessPlace, stack: AsyncDisposableStack): Promise<AgentProbe> {
    const { address, port } = AGENT_METRICS;
    const tied = await spawnTied({
      command: process.execPath,
      args: ["-e", PROBE, `http://${address}:${port}/readyz`],
      stdio: ["pipe", "pipe", "inherit"],
      place: { ...(namespace !== undefined && { namespace }) },
    });
    stack.defer(async () => void (await tied.kill()));
    return new AgentProbe(tied);
  }

  /** Resolves when `/readyz` says that everything of every cluster is known. */
  async ready(): Promise<void> {
    this.#tied.child.stdin!.write("\n");
    const { done } = await this.#lines.next();
    if (done === true) throw new Error("what asks the agent has ended");
  }
}
