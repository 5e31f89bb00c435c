import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { listRules, openNamespace } from "@carrick/agent/net";
import { bringUp } from "../apply/network.ts";
import { addFaults, heal } from "../fault/faults.ts";
import { startMachines, testRun } from "../fixture.ts";
import { namespaceOf, placesOf } from "../plan/place.ts";
import { addressesOf } from "../plan/addresses.ts";
import { defaultTopology } from "../topology/load.ts";
import { DelayLine } from "./delay-line.ts";
import { planDelay } from "./delay-plan.ts";
import { listDelays, startDelay } from "./delays.ts";
import { giveBackHop } from "./packet.ts";

const topology = defaultTopology();

/** RFC 1071. */
function checksum(header: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < 20; at += 2) sum += (header[at]! << 8) | header[at + 1]!;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

test("the hop that the relay took is given back, with a right checksum, in any packet", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), fc.integer({ min: 1, max: 254 }), (header, hops) => {
      header[0] = 0x45;
      header[8] = hops;
      header.fill(0, 10, 12);
      const sum = ~checksum(header) & 0xffff;
      header[10] = sum >> 8;
      header[11] = sum & 0xff;
      const packet = Uint8Array.of(...header, 7, 7);
      assert.ok(giveBackHop(packet));
      assert.equal(packet[8], hops + 1);
      assert.equal(checksum(packet), 0xffff);
      assert.deepEqual([...packet.subarray(20)], [7, 7]);
    }),
  );
  const ipv6 = new Uint8Array(40);
  ipv6.set([0x60, 0, 0, 0, 0, 0, 17, 63]);
  assert.ok(giveBackHop(ipv6));
  assert.equal(ipv6[7], 64);
  for (const broken of [[], [0x45], Array(19).fill(0x45), Array(39).fill(0x60), Array(40).fill(0x50)]) {
    assert.equal(giveBackHop(Uint8Array.from(broken as number[])), false);
  }
});

test("packets leave in their order when their time has come, never before", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constant("push"), fc.integer({ min: 0, max: 30 })), { minLength: 500, maxLength: 5000 }),
      (steps) => {
        const line = new DelayLine(40);
        let [now, pushed, pulled] = [0, 0, 0];
        const times: number[] = [];
        for (const step of steps) {
          if (typeof step === "number") now += step;
          else if (line.push(Uint8Array.of(pushed & 0xff), now)) times[pushed++] = now;
          for (let packet = line.pull(now); packet !== undefined; packet = line.pull(now)) {
            assert.equal(packet[0], pulled & 0xff);
            assert.ok(now >= times[pulled]! + 40);
            pulled++;
          }
          assert.equal(line.waitMs(now), pulled === pushed ? undefined : times[pulled]! + 40 - now);
        }
      },
    ),
    { numRuns: 50 },
  );
});

test("a line that is full loses what comes, and takes again when something has left", () => {
  const line = new DelayLine(1);
  const packet = new Uint8Array(1);
  for (let count = 0; count < 20_000; count++) assert.ok(line.push(packet, 0));
  assert.equal(line.push(packet, 0), false);
  assert.ok(line.pull(1));
  assert.ok(line.push(packet, 1));
});

test("a delay opens no way between the client and others", () => {
  const links = (from: string, to: string): unknown[] =>
    planDelay(topology, { from, to, delayMs: 40 }, 3)
      .rules.filter(({ family }) => family === 2)
      .map(({ inLink, to: target, table }) => [inLink, target, table]);
  assert.deepEqual(links("client", "edge"), [["client", undefined, 1003]]);
  assert.deepEqual(links("edge", "client"), [
    ["edge", undefined, 1003],
    ["slow3", "172.30.250.2/32", 254],
  ]);
  assert.ok(links("*", "paris").every((rule) => !String(rule).startsWith("client")));
  const { routes } = planDelay(topology, { from: "london", to: "*", delayMs: 40 }, 3);
  assert.ok(!routes.some(({ destination }) => destination.startsWith("172.30.250.2/")));
  assert.ok(routes.some(({ destination }) => destination === "10.12.1.0/24"));
  assert.throws(() => links("client", "paris"), { name: "FaultError", message: /nothing may pass there/ });
  for (const delayMs of [0, -1, Number.NaN, 10_001]) {
    assert.throws(() => planDelay(topology, { from: "edge", to: "paris", delayMs }, 1), /a delay of .* ms cannot be/);
  }
});

test("a slow line holds packets back, costs no hop, can be lossy too, and is straight again without its relay", async (t) => {
  const run = testRun(t);
  await bringUp(topology, run);
  const places = placesOf(topology).filter(({ kind }) => kind === "node");
  const [one, other] = await startMachines(t, run, places);
  const target = (family: "ipv4" | "ipv6"): string => addressesOf(topology, places[2]!)[family];
  const delay = await startDelay(topology, run, { from: "london/n1", to: "paris", delayMs: 40 });
  assert.deepEqual(listDelays(run), ["london/n1 > paris 40 ms"]);

  for (const family of ["ipv4", "ipv6"] as const) {
    for (const over of ["udp", "tcp"] as const) {
      const began = performance.now();
      assert.equal((await one!.ask({ address: target(family), over })).length, 1);
      assert.ok(performance.now() - began >= (over === "tcp" ? 80 : 40), `${over} over ${family} came too early`);
    }
    assert.equal((await one!.ask({ address: target(family), ttl: 2 })).length, 1);
    assert.deepEqual(
      (await one!.ask({ address: target(family), ttl: 1, wait: 300 })).filter((text) => text.startsWith("paris")),
      [],
    );
  }

  // A relay that stands still holds for ever what is led through it, and only that.
  delay.relay.freeze();
  const held = one!.ask({ address: target("ipv4") });
  assert.equal((await other!.ask({ address: target("ipv4") })).length, 1);
  delay.relay.thaw();
  assert.equal((await held).length, 1);

  await addFaults(topology, run, [{ from: "london/n1", to: "paris", loss: 100 }]);
  assert.deepEqual(await one!.ask({ address: target("ipv4"), wait: 300 }), []);
  await heal(topology, run);

  const rules = (): number => {
    using namespace = openNamespace(namespaceOf(run, { kind: "router" }));
    using net = namespace.rtnetlink();
    return listRules(net).filter(({ table }) => table > 1000).length;
  };
  assert.equal(rules(), 2);
  await delay.relay.kill();
  assert.deepEqual(listDelays(run), []);
  assert.ok((await one!.ask({ address: target("ipv4"), count: 20 })).length > 0);
  const again = await startDelay(topology, run, { from: "edge", to: "client", delayMs: 1 });
  assert.equal(rules(), 2, "the rules of the relay that was killed are gone");
  await again.stop();
  assert.equal(rules(), 0);
});
