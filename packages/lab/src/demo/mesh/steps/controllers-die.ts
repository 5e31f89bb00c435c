import { failures, startConnects } from "../../../mesh/index.ts";
import { addFaults, around, cut, heal } from "../../../network/index.ts";
import type { Step } from "../../step.ts";
import { firstPod, type MeshWorld } from "../world.ts";
import { meets, namesOf } from "./meets.ts";

const WITHIN_MS = 10_000;

export const controllersDie: Step<MeshWorld> = {
  number: 10,
  title: "All controllers of london die, and return while paris' are cut off",
  fault: "london's Service is deleted while nobody looks",

  async run({ topology, run, london, paris }, checks, fault) {
    const { machine } = firstPod(london);
    const question = { address: london.cart.ipv4, over: "tcp" } as const;
    const connects = startConnects(machine, london.cart.ipv4);
    try {
      await connects.more(50);
      const pids = london.controllers.map(({ now }) => now.pid);
      await Promise.all(london.controllers.map((controller) => controller.kill()));
      checks.now(`processes ${pids.join(" and ")} are killed`);
      await connects.more(200);
      paris.share(paris.pods.slice(0, 1));
      if (fault) london.api.objects.delete({ apiVersion: "v1", kind: "Service", namespace: "shop", name: "cart" });
      await addFaults(topology, run, cut(around("paris/cp")));
      await Promise.all(london.controllers.map((controller) => controller.again()));
      checks.now("they are back; london withdraws an endpoint of its own; paris' controllers cannot be reached");
      london.share(london.pods.slice(0, 1));
      const kept = namesOf([firstPod(london), ...paris.pods]);
      await checks.within(`${kept} answer: nothing of paris is gone`, WITHIN_MS, () => meets(machine, question, kept));
      await heal(topology, run);
      const told = namesOf([firstPod(london), firstPod(paris)]);
      await checks.within("healed: paris' change from before arrives", WITHIN_MS, () => meets(machine, question, told));
      for (const cluster of [london, paris]) cluster.share(cluster.pods);
      await checks.within("all answer again", WITHIN_MS, () =>
        meets(machine, question, namesOf([...london.pods, ...paris.pods])),
      );
    } finally {
      await heal(topology, run);
      await connects.stop();
    }
    checks.exactly(`connections that failed, of ${connects.made.length}`, failures(connects.made).length, 0);
  },
};
