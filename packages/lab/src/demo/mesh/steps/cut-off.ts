import { failures, startConnects } from "../../../mesh/index.ts";
import { addFaults, around, cut, heal } from "../../../network/index.ts";
import type { Step } from "../../step.ts";
import type { MeshWorld } from "../world.ts";
import { meets, namesOf } from "./meets.ts";

/** Of each client; one that fails takes a second. */
const CONNECTS = 8;
const BACK_WITHIN_MS = 10_000;

export const cutOff: Step<MeshWorld> = {
  number: 12,
  title: "paris is cut off, and comes back",
  fault: "it is healed only one way",

  async run({ topology, run, london, paris, edge }, checks, fault) {
    const pods = london.pods.map(({ machine }) => startConnects(machine, london.cart.ipv4));
    const outside = startConnects(edge.client, edge.question);
    const clients = [...pods, outside];
    const made = () => clients.flatMap((connects) => connects.made);
    try {
      await Promise.all(clients.map((connects) => connects.more(50)));
      checks.exactly(`connections that failed before, of ${made().length}`, failures(made()).length, 0);
      await addFaults(topology, run, cut(around("paris")));
      const since = clients.map((connects) => connects.made.length);
      checks.now("every packet from and to paris is lost; nothing evicts its endpoints by itself yet");
      await Promise.all(clients.map((connects) => connects.until(() => true, connects.made.length + CONNECTS - 1)));
      const meanwhile = clients.map((connects, at) => connects.made.slice(since[at]));
      const ofPods = meanwhile.slice(0, -1).flat();
      const lost = failures(ofPods).length;
      checks.between(`connections of pods that failed meanwhile, of ${ofPods.length}`, lost, 1, ofPods.length - 1, "");
      const ofClient = meanwhile.at(-1)!;
      const lostOutside = failures(ofClient).length;
      checks.between(
        `requests at the edge that failed, of ${ofClient.length}`,
        lostOutside,
        0,
        ofClient.length - 1,
        "",
      );
    } finally {
      await Promise.all(clients.map((connects) => connects.stop()));
      await heal(topology, run);
      if (fault) await addFaults(topology, run, cut([{ from: "paris", to: "*" }]));
    }
    const { machine } = london.pods[0]!;
    await checks.within("healed: all answer again", BACK_WITHIN_MS, () =>
      meets(machine, { address: london.cart.ipv4, over: "tcp" }, namesOf([...london.pods, ...paris.pods])),
    );
  },
};
