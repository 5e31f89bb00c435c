/** The whole way: objects of two clusters, their controllers, the agents of their nodes, and sockets of pods in the kernel. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import type { KernelReport, ServiceReport } from "@carrick/core/report";
import { clusterSelf } from "@carrick/lab";
import { failures, startConnects } from "../../packages/lab/src/mesh/index.ts";
import { type Machine, seen } from "../../packages/lab/src/network/echo-machine.ts";
import { CHECKOUT } from "../../packages/lab/src/process/checkout.ts";
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

test("carrick service and explain show what is to be served beside what the kernel of a node holds", async () => {
  await using bed = await openKernelBed();
  await everybodyAnswers(bed);
  const { london, paris, until } = bed;
  const env = { ...process.env, CARRICK_CONTROLLER: "http://127.0.0.1:18001,http://127.0.0.1:18011" };
  const command = async (...args: readonly string[]) => {
    const own = [process.execPath, join(CHECKOUT, "build", "carrick.mjs"), ...args];
    return await promisify(execFile)("nsenter", [`--net=${london.place.namespace}`, ...own], { env }).then(
      (done) => ({ code: 0, ...done }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
  };
  const agent = ["--agent", london.nodes[0]!.inspectSocket];
  const look = async () => {
    const { stdout, code } = await command("service", "shop/cart", "-o", "json", ...agent);
    return { code, ...(JSON.parse(stdout) as { model: ServiceReport; kernel: KernelReport }) };
  };

  await until("the replica that is asked knows what the kernel holds", async () => (await look()).code === 0);
  const { code, model, kernel } = await look();
  assert.deepEqual([code, kernel.cluster, kernel.node, model.here], [0, "london", "n1", "london"]);
  const { ipv4, ipv6 } = london.cart;
  const wanted = model.ports.flatMap(({ addresses, protocol, number }) =>
    addresses.map((address) => `${protocol} ${address} ${number} served`),
  );
  assert.ok([ipv4, ipv6].every((address) => wanted.some((one) => one.includes(` ${address} `))));
  assert.deepEqual(
    kernel.frontends.map(({ address, port, protocol, outcome }) => `${protocol} ${address} ${port} ${outcome}`),
    wanted,
  );
  const pods = [...london.pods, ...paris.pods].map(({ pod }) => pod.ipv4).sort();
  const [first] = kernel.frontends.filter(({ address, protocol }) => address === ipv4 && protocol === "TCP");
  const held = first!.image!.groups.flatMap(({ endpoints }) => endpoints.map(({ address }) => address));
  assert.deepEqual(held.sort(), pods);

  paris.api.objects.apply(clusterSelf({ drain: true }));
  await until("the kernel has the drain, and it is as it is to be", async () => {
    const now = await look();
    const group = now.kernel.frontends[0]!.image!.groups.find(({ cluster }) => cluster === "paris");
    return now.code === 0 && group?.health.drain === 0 && now.model.ports[0]!.groups[1]!.share === 0;
  });
  const { stdout } = await command("service", "shop/cart", ...agent);
  const status = await command("status");
  assert.match(status.stdout, /^Mesh of london: 2 nodes in touch, 1 peer$/m);
  assert.match(status.stdout, /^ {2}paris +\S+ +fresh /m);
  const call = await command("explain", "london:shop/web", "shop/cart", "--port", "udp", ...agent);
  assert.equal(call.code, 0);
  assert.match(call.stdout, /^london:shop\/web to Service shop\/cart: routed to 2 endpoints$/m);
  assert.match(call.stdout, /cluster: paris has 2 endpoints, is being drained; it gets nothing new/);
  assert.match(call.stdout, /The kernel of london\/n1 \(image [\d.]+\): as it is to be\./);
  for (const [wrong, says, cluster] of [
    ["cart", /names no Service/],
    ["shop/none", /no cluster has a Service shop\/none/],
    ["shop/cart", /paris is a peer, so this controller has only what it shares/, "paris"],
    ["shop/cart", /there is no cluster rome; this controller has london/, "rome"],
  ] as const) {
    const refused = await command("service", wrong, ...(cluster === undefined ? [] : ["--cluster", cluster]));
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, says);
  }
  assert.match(stdout, /The kernel of london\/n1 \(image [\d.]+\): as it is to be\./);
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
