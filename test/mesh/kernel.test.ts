/** The whole way: objects of two clusters, their controllers, the agents of their nodes, and sockets of pods in the kernel. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterSelf } from "@carrick/lab";
import { failures, startConnects } from "../../packages/lab/src/mesh/index.ts";
import { type Machine, seen } from "../../packages/lab/src/network/echo-machine.ts";
import { type KernelBed, openKernelBed } from "./kernel-bed.ts";

const LONDON = ["london-1", "london-2"];
const ALL = [...LONDON, "paris-1", "paris-2"];

/** Whether exactly these answer, of forty connections. Throws with those that do, otherwise. */
async function meets(machine: Machine, address: string, over: "tcp" | "udp", wanted: readonly string[]): Promise<true> {
  const met = new Set<string>();
  for (let i = 0; i < 40; i++) met.add((await machine.ask({ address, over })).join().split(" ")[0]!);
  const names = [...met].sort().join();
  if (names !== wanted.join()) throw new Error(`${names} answered`);
  return true;
}

async function everybodyAnswers({ until, london, paris }: KernelBed): Promise<void> {
  for (const { pods, cart } of [london, paris]) {
    for (const { pod, machine } of pods) {
      for (const address of [cart.ipv4, cart.ipv6]) {
        for (const over of ["tcp", "udp"] as const) {
          await until(`all answer ${pod.name} at ${address} over ${over}`, () => meets(machine, address, over, ALL));
        }
      }
    }
  }
}

test("pods of both clusters answer at a global Service, over TCP and UDP, IPv4 and IPv6, and see who asks", async () => {
  await using bed = await openKernelBed();
  await everybodyAnswers(bed);
  const { pod, machine } = bed.london.pods[0]!;
  for (const [family, address] of Object.entries(bed.london.cart)) {
    for (const over of ["tcp", "udp"] as const) {
      const [answer = ""] = await machine.ask({ address, over });
      assert.equal(answer.split(" ")[1], seen(pod[family as "ipv4" | "ipv6"]), `${over} ${address}`);
      const unknown = await machine.ask({ address, over, port: 1 });
      assert.deepEqual(unknown, ["ECONNREFUSED"], `${over} ${address}, a port that the Service does not have`);
    }
  }
});

test("a cluster that is drained is left by new connections of both clusters, and met again afterwards", async () => {
  await using bed = await openKernelBed();
  await everybodyAnswers(bed);
  const { london, paris, until } = bed;
  for (const drain of [true, false]) {
    paris.api.objects.apply(clusterSelf({ drain }));
    const wanted = drain ? LONDON : ALL;
    for (const { pods, cart } of [london, paris]) {
      const { pod, machine } = pods[0]!;
      await until(`${pod.name} meets ${wanted.join(", ")}`, () => meets(machine, cart.ipv4, "tcp", wanted));
    }
  }
});

test("a killed agent and killed controllers stop nothing, and those that come after them catch up", async (t) => {
  await using bed = await openKernelBed();
  await everybodyAnswers(bed);
  const { london, paris, until } = bed;
  const { machine } = london.pods[0]!;
  const { agent } = london.nodes[0]!;
  const load = startConnects(machine, london.cart.ipv4);

  await agent.kill();
  paris.share(paris.pods.slice(0, 1));
  await agent.again();
  await until("the new agent knows the change", () => meets(machine, london.cart.ipv4, "tcp", [...LONDON, "paris-1"]));

  await Promise.all([...london.controllers, ...paris.controllers].map((controller) => controller.kill()));
  paris.share(paris.pods);
  await Promise.all(london.controllers.map((controller) => controller.again()));
  london.share(london.pods.slice(0, 1));
  await until("the own change arrives, and nothing of the silent peer is lost", () =>
    meets(machine, london.cart.ipv4, "tcp", ["london-1", "paris-1"]),
  );
  await Promise.all(paris.controllers.map((controller) => controller.again()));
  await until("the peer's change arrives", () =>
    meets(machine, london.cart.ipv4, "tcp", ["london-1", "paris-1", "paris-2"]),
  );

  await load.stop();
  t.diagnostic(`${load.made.length} connections meanwhile`);
  assert.ok(load.made.length > 100, `only ${load.made.length} connections`);
  assert.deepEqual(failures(load.made), []);
});
