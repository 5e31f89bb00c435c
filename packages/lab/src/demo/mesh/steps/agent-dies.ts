import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { failures, startConnects } from "../../../mesh/index.ts";
import type { Step } from "../../step.ts";
import { firstPod, type MeshWorld } from "../world.ts";
import { meets, namesOf } from "./meets.ts";

const WITHIN_MS = 10_000;

export const agentDies: Step<MeshWorld> = {
  number: 11,
  title: "An agent is killed with -9, and another takes over what is in the kernel",
  fault: "what it has pinned is removed with it",

  async run({ london, paris }, checks, fault) {
    const { machine } = firstPod(london);
    const [{ agent, pins }] = london.nodes as [(typeof london.nodes)[number]];
    const question = { address: london.cart.ipv4, over: "tcp" } as const;
    const before = pinned(pins);
    const connects = startConnects(machine, london.cart.ipv4);
    try {
      await connects.more(50);
      const { pid } = agent.now;
      await agent.kill();
      if (fault) rmSync(pins, { recursive: true });
      checks.now(`process ${pid} is killed; paris withdraws an endpoint meanwhile`);
      paris.share(paris.pods.slice(0, 1));
      await connects.more(200);
      await agent.again();
      await checks.within("the next agent has learnt what it missed", WITHIN_MS, () =>
        meets(machine, question, namesOf([...london.pods, firstPod(paris)])),
      );
      paris.share(paris.pods);
      await checks.within("all answer again", WITHIN_MS, () =>
        meets(machine, question, namesOf([...london.pods, ...paris.pods])),
      );
    } finally {
      await connects.stop();
    }
    checks.exactly(`connections that failed, of ${connects.made.length}`, failures(connects.made).length, 0);
    const after = pinned(pins);
    const same = [...before].filter(([name, inode]) => after.get(name) === inode).length;
    checks.exactly(`links and maps that are the same, of ${before.size}`, same, before.size);
  },
};

/** What is pinned, by path: the inode of a pin stays while nobody pins something else there. */
function pinned(folder: string): ReadonlyMap<string, number> {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));
  return new Map(paths.map((path) => [path, statSync(path).ino]));
}
