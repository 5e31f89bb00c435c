import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { LockHeldError, openServiceMap, type ServiceMap, type ServiceMapLimits } from "./index.ts";
import { frontendKey } from "./services/frontend.ts";
import { Bed, churn, frontend, group, service, SOCK_OBJECT } from "./fixture.ts";

test("a node's service map is opened once, and serves a client from then on", async () => {
  await using bed = new Bed();
  const lock = `/dev/shm/${bed.name}.lock`;
  try {
    await bed.echo("10.1.0.1 8080");
    const options = { object: SOCK_OBJECT, folder: bed.folder, lock, cgroup: bed.cgroup, limits: { frontends: 16 } };
    await assert.rejects(openServiceMap({ ...options, object: "/none.o" }), /open \/none\.o/);
    const { publisher, maps, attachments } = await openServiceMap(options);
    assert.ok(attachments.every(({ error }) => error === undefined));
    assert.equal(maps.frontends.facts.maxEntries, 16);
    await assert.rejects(openServiceMap(options), LockHeldError);
    publisher.setService("cart", service([group(["10.1.0.1"])]));
    publisher.setFrontend(frontend("10.96.0.1 80"), "cart");
    await publisher.flush();
    const dial = bed.dial();
    const id = await dial.open("tcp4");
    assert.equal(await dial.ask(`connect ${id} 10.96.0.1 80`), "ok");
    assert.equal(await dial.ask(`read ${id}`), "10.1.0.1 8080");
  } finally {
    rmSync(lock, { force: true });
  }
});

/** The next agent of a node: another lock stands for the end of the one before. */
function open(bed: Bed, run: number, limits: ServiceMapLimits, cgroup = bed.cgroup): Promise<ServiceMap> {
  const lock = `/dev/shm/${bed.name}.lock${run}`;
  // Without getpeername the client sees the backend.
  const programs = ["connect4"] as const;
  return openServiceMap({ object: SOCK_OBJECT, folder: bed.folder, lock, cgroup, limits, programs });
}

test("larger limits take effect with the next agent, and no connect fails meanwhile", async (t) => {
  await using bed = new Bed();
  const sets = [service([group(["10.1.0.1"])]), service([group(["10.1.0.11"])])];
  const others = Array.from({ length: 20 }, (_, i) => frontend(`10.96.1.${i} 80`, "TCP", { exclusive: false }));
  const cart = frontend("10.96.0.1 80", "UDP");
  const tell = async ({ publisher }: ServiceMap): Promise<void> => {
    publisher.setFrontend(cart, "cart");
    for (const [i, of] of others.entries()) {
      publisher.setService(`other-${i}`, sets[0]);
      publisher.setFrontend(of, `other-${i}`);
    }
    await publisher.flush();
  };
  let last = await open(bed, 0, { frontends: 8, heads: 12, backends: 8 });
  last.publisher.setService("cart", sets[0]);
  await tell(last);
  assert.ok(last.publisher.conditions.size > 0);
  const seen = await churn(bed, "udp", 1, async (clock) => {
    for (let run = 1; run <= 3; run++) {
      const limits = { frontends: 8 << run, heads: 12 << run, backends: 8 };
      last = await open(bed, run, limits);
      assert.equal(last.maps.frontends.facts.maxEntries, limits.frontends);
      assert.equal(last.maps.slotLimit, limits.heads);
      last.publisher.setFrontend(cart, "cart");
      for (let flip = 0; flip < 9; flip++) {
        clock.tick();
        last.publisher.setService("cart", sets[((clock.now + 1) / 2) % 2]);
        await last.publisher.flush();
        clock.tick();
        await clock.passes(500);
      }
      await tell(last);
    }
  });
  t.diagnostic(JSON.stringify(seen));
  assert.equal(seen.failed, 0, seen.error);
  assert.equal(seen.wrong + seen.itself + seen.other, 0);
  assert.ok(seen.a > 0 && seen.b > 0);
  await last.publisher.settled();
  assert.deepEqual([...last.publisher.conditions], []);
  for (const each of others) assert.ok(last.maps.frontends.lookup(frontendKey(each)) !== undefined);
});

test("when programs cannot take the place of those in force, the maps stay as they were", async () => {
  await using bed = new Bed();
  const { publisher } = await open(bed, 0, { frontends: 8 });
  publisher.setService("cart", service([group(["10.1.0.1"])]));
  publisher.setFrontend(frontend("10.96.0.1 80", "UDP"), "cart");
  await publisher.flush();
  await assert.rejects(open(bed, 1, { frontends: 16 }, `${bed.cgroup}/none`), /no such file or directory/);
  const dial = bed.dial();
  assert.deepEqual([...(await dial.spread(10, "udp4", "10.96.0.1 80"))], [["10.1.0.1 8080", 10]]);
  const { maps } = await open(bed, 2, {});
  assert.equal(maps.frontends.facts.maxEntries, 8);
  assert.deepEqual([...(await dial.spread(10, "udp4", "10.96.0.1 80"))], [["10.1.0.1 8080", 10]]);
});
