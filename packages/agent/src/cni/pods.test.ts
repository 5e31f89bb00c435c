/** Pods on the real kernel, through the real client. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { getLink, getSysctl, linkSysctl, listAddresses, listRoutes } from "../net/index.ts";
import { deleteNamespace } from "../net/namespace/named.ts";
import {
  type Bed,
  cniBed,
  NODE_ADDRESSES,
  type Result,
  seenBy,
  tellAddresses,
  type TestPod,
  timesOf,
} from "./fixture.ts";

const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  IPv4: ["10.11.1.0/24"],
  IPv6: ["fd10:1:1::/64"],
  "dual stack": ["fd10:1:1::/64", "10.11.1.0/24"],
};

function addressesOf({ ips }: Result): string[] {
  return ips.map(({ address }) => address.slice(0, address.indexOf("/")));
}

/** Runs what must succeed without output. */
async function quietly(bed: Bed, command: string, pod?: TestPod, config?: object): Promise<void> {
  assert.deepEqual(await bed.run(command, pod, { config: config ?? {} }), { code: 0, stdout: "", stderr: "" });
}

for (const [what, podCidrs] of Object.entries(FAMILIES)) {
  for (const cniVersion of ["0.4.0", "1.0.0", "1.1.0"]) {
    test(`${what}, CNI ${cniVersion}: a pod is added, reaches its node and other pods, and is deleted`, async (t) => {
      const bed = await cniBed(t, { podCidrs, cniVersion });
      const [one, other] = [bed.newPod(), bed.newPod()];
      const [result, second] = [await bed.add(one), await bed.add(other)];
      assert.equal(result.cniVersion, cniVersion);
      assert.equal(result.ips.length, podCidrs.length);
      assertMade(bed, one, result);
      await quietly(bed, "CHECK", one, { prevResult: result });

      for (const namespace of [bed.node.namespace, one.namespace, other.namespace]) await tellAddresses(t, namespace);
      const isIpv6 = (address: string) => address.includes(":");
      const nodes = NODE_ADDRESSES.filter((node) => result.ips.some(({ address }) => isIpv6(address) === isIpv6(node)));
      const mine = addressesOf(result);
      // Each sees the address from which it is called: nobody stands between.
      assert.deepEqual(seenBy(one.namespace, addressesOf(second)), mine);
      assert.deepEqual(seenBy(one.namespace, nodes), mine);
      assert.deepEqual(seenBy(bed.node.namespace, mine), nodes);

      await quietly(bed, "DEL", one, { prevResult: result });
      assert.equal(bed.ipam.attachments().length, 1);
      await quietly(bed, "DEL", one, { prevResult: result });
      assert.ok(
        seenBy(other.namespace, mine).every((seen) => seen !== "" && !seen.includes(".") && !seen.includes(":")),
      );
      // The namespace has gone first, as after a crash of the runtime.
      other.namespace.close();
      deleteNamespace(other.namespace.path.slice("/run/netns/".length));
      await quietly(bed, "DEL", other);
      assert.deepEqual([bed.leftovers(), bed.problems], [[], []]);
    });
  }
}

/** The result is what the kernel has. */
function assertMade(bed: Bed, { namespace, containerId }: TestPod, { interfaces, ips, routes }: Result): void {
  using inside = namespace.rtnetlink();
  const [host, pod] = [getLink(bed.node.net, interfaces[0]!.name), getLink(inside, "eth0")];
  assert.deepEqual(
    interfaces.map(({ name, mac, sandbox }) => ({ name, mac, sandbox })),
    [
      { name: host.name, mac: host.mac, sandbox: undefined },
      { name: "eth0", mac: pod.mac, sandbox: namespace.path },
    ],
  );
  assert.partialDeepStrictEqual(pod, { up: true, carrier: true, mtu: 1450, peer: host.index });
  assert.equal(host.alias, `carrick shop/cart-${containerId.slice(0, 8)} eth0`);
  const global = listAddresses(inside, "eth0").filter(({ scope }) => scope === "global");
  assert.deepEqual(
    global.map(({ address, tentative }) => ({ address, tentative })),
    ips.map(({ address }) => ({ address, tentative: false })),
  );
  const defaults = listRoutes(inside).filter(({ destination }) => destination.endsWith("/0"));
  assert.deepEqual(
    defaults.map(({ destination, via }) => ({ dst: destination, gw: via })),
    routes.map(({ dst, gw }) => ({ dst, gw })),
  );
  for (const { address } of ips) {
    const setting = (key: string) =>
      getSysctl(bed.node.namespace, linkSysctl(address.includes(":") ? "ipv6/conf" : "ipv4/conf", host.name, key));
    assert.equal(setting("forwarding"), "1");
    if (address.includes(":")) assert.equal(setting("accept_ra"), "0");
    else assert.equal(setting("rp_filter"), "1");
  }
}

test("a container may have two interfaces; each has its own addresses and goes alone", async (t) => {
  const bed = await cniBed(t);
  const pod = bed.newPod();
  const second = { env: { CNI_IFNAME: "net1" }, config: { mtu: 9000, dns: { nameservers: ["10.96.0.10"] } } };
  // Two default routes of the same metric cannot be, so the second interface is refused as a whole.
  const first = await bed.add(pod);
  const refused = await bed.run("ADD", pod, second);
  assert.deepEqual([refused.code, bed.leftovers().length], [1, 3], refused.stdout);
  assert.deepEqual(addressesOf(first), ["10.11.1.2", "fd10:1:1::2"]);
  await quietly(bed, "CHECK", pod, { prevResult: first });
  await quietly(bed, "DEL", pod);
  const alone = await bed.add(pod, second);
  assert.deepEqual(addressesOf(alone), ["10.11.1.4", "fd10:1:1::4"]);
  assert.deepEqual((alone as Result & { dns: object }).dns, { nameservers: ["10.96.0.10"] });
  using inside = pod.namespace.rtnetlink();
  assert.equal(getLink(inside, "net1").mtu, 9000);
  assert.deepEqual(await bed.run("DEL", pod, second), { code: 0, stdout: "", stderr: "" });
  assert.deepEqual(bed.leftovers(), []);
});

test("how long ADD and DEL take through the client", async (t) => {
  const bed = await cniBed(t);
  const pods = Array.from({ length: 50 }, () => bed.newPod());
  for (const command of ["STATUS", "ADD", "DEL"]) {
    const times = await timesOf(bed, command, pods);
    const [p50, p95] = [0.5, 0.95].map((share) =>
      times.sort((a, b) => a - b)[Math.floor(share * times.length)]!.toFixed(1),
    );
    t.diagnostic(`${command}: p50 ${p50} ms, p95 ${p95} ms of ${times.length}, one after the other, dual stack`);
  }
  assert.deepEqual(bed.leftovers(), []);
});
