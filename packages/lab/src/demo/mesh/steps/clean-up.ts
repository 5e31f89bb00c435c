import { createVeth, ensureNoLink, Rtnetlink } from "@carrick/agent/net";
import type { Step } from "../../step.ts";
import type { MeshWorld } from "../world.ts";

const FORGOTTEN = "crforgotten";

export const cleanUp: Step<MeshWorld> = {
  number: 15,
  title: "Everything is taken down, and nothing is left",
  fault: "a link is forgotten in the namespace of the host",

  async run(world, checks, fault) {
    using net = new Rtnetlink();
    if (fault) createVeth(net, { name: FORGOTTEN }, { name: `${FORGOTTEN}2` });
    try {
      checks.now("namespaces, links, routes, rules, tables, pins, cgroups, mounts, files and processes are compared");
      const left = await world.close();
      checks.holds("what is there now and was not before", left.length === 0, left.join("; ") || "nothing", "nothing");
    } finally {
      if (fault) ensureNoLink(net, FORGOTTEN);
    }
  },
};
