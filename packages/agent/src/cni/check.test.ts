/** CHECK, STATUS and GC on the real kernel, through the real client. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  changeLink,
  deleteAddress,
  deleteLink,
  deleteRoute,
  ensureNeighbour,
  ensureNoNeighbour,
  getLink,
  type Rtnetlink,
} from "../net/index.ts";
import { type Bed, cniBed, type Ended, type Result, type TestPod } from "./fixture.ts";

interface Told {
  readonly cniVersion: string;
  readonly code: number;
  readonly msg: string;
  readonly details: string;
}

function toldBy({ code, stdout }: Ended): Told {
  assert.equal(code, 1, stdout);
  return JSON.parse(stdout) as Told;
}

/** What can happen to a pod's interface, and what CHECK says of it. */
const DAMAGE: readonly (readonly [string, (inside: Rtnetlink, node: Rtnetlink, result: Result) => void, RegExp])[] = [
  ["no IPv4 address", (pod) => deleteAddress(pod, "eth0", "10.11.1.2/32"), /eth0 has no address 10\.11\.1\.2\/32/],
  ["no IPv6 address", (pod) => deleteAddress(pod, "eth0", "fd10:1:1::2/128"), /eth0 has no address fd10:1:1::2\/128/],
  [
    "no IPv4 default route",
    (pod) => deleteRoute(pod, { destination: "0.0.0.0/0" }),
    /no route to 0\.0\.0\.0\/0 via 169/,
  ],
  ["no IPv6 default route", (pod) => deleteRoute(pod, { destination: "::/0" }), /no route to ::\/0 via fe80::1/],
  [
    "no IPv4 route of the node",
    (_, node) => deleteRoute(node, { destination: "10.11.1.2/32", scope: "link" }),
    /the node has no route to 10\.11\.1\.2\/32 on link cr/,
  ],
  [
    "no IPv6 route of the node",
    (_, node) => deleteRoute(node, { destination: "fd10:1:1::2/128" }),
    /the node has no route to fd10:1:1::2\/128/,
  ],
  ["the pod's link down", (pod) => changeLink(pod, "eth0", { up: false }), /the pod's link eth0 is down/],
  [
    "the node's link down",
    (_, node, { interfaces }) => changeLink(node, interfaces[0]!.name, { up: false }),
    /the node's link cr[0-9a-f]{13} is down/,
  ],
  [
    "no link",
    (pod) => deleteLink(pod, "eth0"),
    /the node's link cr[0-9a-f]{13} is missing; the pod's link eth0 is missing/,
  ],
  [
    "another hardware address",
    (pod) => changeLink(pod, "eth0", { mac: "02:00:00:00:00:07" }),
    /eth0 has the hardware address 02:00:00:00:00:07 instead of/,
  ],
  [
    "no gateway",
    (pod) => ensureNoNeighbour(pod, { link: getLink(pod, "eth0").index, address: "169.254.1.1" }),
    /the pod does not know that 169\.254\.1\.1 is the node/,
  ],
  [
    "another gateway",
    (pod) => ensureNeighbour(pod, { link: getLink(pod, "eth0").index, address: "fe80::1", mac: "02:00:00:00:00:07" }),
    /the pod does not know that fe80::1 is the node/,
  ],
];

async function check(bed: Bed, pod: TestPod, prevResult: object): Promise<Ended> {
  return bed.run("CHECK", pod, { config: { prevResult } });
}

for (const [what, damage, details] of DAMAGE) {
  test(`CHECK finds: ${what}`, async (t) => {
    const bed = await cniBed(t);
    const pod = bed.newPod();
    const result = await bed.add(pod);
    assert.deepEqual(await check(bed, pod, result), { code: 0, stdout: "", stderr: "" });
    using inside = pod.namespace.rtnetlink();
    damage(inside, bed.node.net, result);
    const told = toldBy(await check(bed, pod, result));
    assert.deepEqual([told.code, told.cniVersion], [100, "1.1.0"]);
    assert.match(told.details, details);
    // Whatever is left of it, it can be deleted.
    assert.equal((await bed.run("DEL", pod, { config: { prevResult: result } })).code, 0);
    assert.deepEqual(bed.leftovers(), []);
  });
}

test("CHECK compares with what was told, after a restart as before", async (t) => {
  const bed = await cniBed(t);
  const [pod, never] = [bed.newPod(), bed.newPod()];
  const result = await bed.add(pod, { config: { mtu: 1400 } });
  await bed.restart();
  assert.deepEqual(await check(bed, pod, result), { code: 0, stdout: "", stderr: "" });
  assert.match(
    toldBy(await check(bed, pod, { ...result, ips: [] })).details,
    /prevResult does not list 10\.11\.1\.2\/32/,
  );
  assert.match(
    toldBy(await check(bed, pod, { ...result, interfaces: [] })).details,
    /does not list the pod's link eth0/,
  );
  // A plugin that came later has put its own route in the place of ours: then ours is not expected.
  using inside = pod.namespace.rtnetlink();
  deleteRoute(inside, { destination: "0.0.0.0/0" });
  const replaced = { ...result, routes: [{ dst: "0.0.0.0/0", gw: "10.9.9.9" }, result.routes[1]] };
  assert.deepEqual(await check(bed, pod, replaced), { code: 0, stdout: "", stderr: "" });
  assert.deepEqual(toldBy(await check(bed, never, result)).code, 100);
  assert.deepEqual(toldBy(await bed.run("CHECK", pod)).code, 7);
});

test("STATUS says whether a pod can be added", async (t) => {
  let unready: string | undefined;
  const bed = await cniBed(t, { podCidrs: ["10.11.1.0/30"], pods: { unready: () => unready } });
  const empty = { code: 0, stdout: "", stderr: "" };
  assert.deepEqual(await bed.run("STATUS"), empty);
  unready = "the programs are not loaded yet; the agent's log says why";
  assert.partialDeepStrictEqual(toldBy(await bed.run("STATUS")), { code: 50, details: unready });
  unready = undefined;
  const pod = bed.newPod();
  await bed.add(pod);
  const full = toldBy(await bed.run("STATUS"));
  assert.deepEqual([full.code, /pod CIDR 10\.11\.1\.0\/30 has no free address/.test(full.details)], [50, true]);
  const refused = toldBy(await bed.run("ADD", bed.newPod()));
  assert.deepEqual([refused.code, refused.details], [11, full.details]);
  assert.equal((await bed.run("DEL", pod)).code, 0);
  assert.deepEqual(await bed.run("STATUS"), empty);
});

test("GC takes what is not listed, of its network alone, and works on after one that fails", async (t) => {
  const stuck = new Set<string>();
  const bed = await cniBed(t, {
    pods: {
      podRemoved: ({ owner }) =>
        stuck.has(owner.containerId) ? Promise.reject(new Error("the controller cannot be told")) : Promise.resolve(),
    },
  });
  const [kept, stale, bad, foreign] = [bed.newPod(), bed.newPod(), bed.newPod(), bed.newPod()];
  const result = await bed.add(kept);
  for (const pod of [stale, bad]) await bed.add(pod);
  await bed.add(foreign, { config: { name: "another" } });
  const gc = (ids: readonly TestPod[]) =>
    bed.run("GC", undefined, {
      config: {
        "cni.dev/valid-attachments": ids.map(({ containerId }) => ({ containerID: containerId, ifname: "eth0" })),
      },
    });
  const held = () => new Set(bed.ipam.attachments().map(({ owner }) => owner.containerId));
  const ids = (...pods: readonly TestPod[]) => new Set(pods.map(({ containerId }) => containerId));

  assert.deepEqual(toldBy(await bed.run("GC")).code, 7);
  assert.deepEqual(held(), ids(kept, stale, bad, foreign));
  stuck.add(bad.containerId);
  const told = toldBy(await gc([kept]));
  assert.equal(told.code, 101);
  assert.match(told.details, /1 of 2 stale attachments stay: [0-9a-f]{64}\/eth0: the controller cannot be told/);
  assert.deepEqual(held(), ids(kept, bad, foreign));
  stuck.clear();
  assert.deepEqual(await gc([kept]), { code: 0, stdout: "", stderr: "" });
  assert.deepEqual(held(), ids(kept, foreign));
  assert.deepEqual(await check(bed, kept, result), { code: 0, stdout: "", stderr: "" });
  assert.equal(bed.leftovers().length, 6);
});
