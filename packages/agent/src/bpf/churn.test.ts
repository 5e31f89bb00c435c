import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Race,
  RACE_AFTER_FRONTEND,
  RACE_AFTER_HEAD,
  RACE_BEFORE_HEAD,
  RACE_BEFORE_MEMBER,
} from "./layout/generated.ts";
import {
  Bed,
  churn,
  type Churned,
  frontend,
  group,
  HastyMaps,
  raceObject,
  RewritingMaps,
  service,
  serviceMaps,
  SOCK_OBJECT,
  startWriter,
  type Writer,
} from "./fixture.ts";

/**
 * No look-up sees half of a change. Each proof has its negative control: the same run without the one rule that
 * protects it, in which the same measure has to show the damage.
 */

const SET_A = service([group(["10.1.0.1", "10.1.0.2", "10.1.0.3"])]);
const SET_B = service(
  [0, 1, 2].map((i) => {
    const members = [0, 1, 2].map((j) => ({ ...group([`10.1.0.${11 + i * 3 + j}`]).members[0]!, weight: 1 + j }));
    return { tier: i === 0 ? 0 : 1, cluster: 1 + i, weight: 40 + 30 * i, need: 100, members };
  }),
);

interface Setting {
  readonly object?: string;
  /** `membarrier` when not given. */
  readonly grace?: "none" | "map of maps";
  readonly race?: { readonly points: number; readonly microseconds: number; readonly trustRecycled?: boolean };
}

/** Longer than a reader is ever held by a gate. */
const HELD = 1_000_000;

/** A bed in which only connect is translated, so that the peer of a socket is the backend itself. */
async function withWriter<T>(
  { object: path = SOCK_OBJECT, grace, race }: Setting,
  body: (bed: Bed, writer: Writer, gate: Gate) => Promise<T>,
): Promise<T> {
  await using bed = new Bed();
  const object = bed.load(path);
  const memory = race === undefined ? new ArrayBuffer(Race.size) : object.map("race").memory();
  if (race !== undefined) {
    const { points, microseconds, trustRecycled = false } = race;
    const settings = { holdNs: BigInt(microseconds * 1000), points, trustRecycled: trustRecycled ? 1 : 0 };
    Race.write(new DataView(memory), 0, { ...settings, gate: 0, held: 0 });
  }
  const kinds = { none: HastyMaps, "map of maps": RewritingMaps };
  const maps = grace === undefined ? serviceMaps(object) : new kinds[grace]((name) => object.map(name));
  const writer = await startWriter(object, maps);
  bed.attach(object, ["connect4"]);
  return await body(bed, writer, new Gate(memory));
}

/** Changes one service between two sets as fast as it can. */
function flip(setting: Setting, protocol: "tcp" | "udp", connects: number) {
  return withWriter(setting, async (bed, { publisher, maps }) => {
    publisher.setService("cart", SET_A);
    for (const layer4 of ["TCP", "UDP"] as const) publisher.setFrontend(frontend("10.96.0.1 80", layer4), "cart");
    await publisher.flush();
    await bed.echo(...[1, 2, 3, 11, 12, 13, 14, 15, 16, 17, 18, 19].map((i) => `10.1.0.${i} 8080`));
    let flips = 0;
    const seen = await churn(bed, protocol, connects, async (clock) => {
      // An odd number: either set is the one that stays for a while.
      for (let i = 0; i < 19; i++) {
        publisher.setService("cart", flips++ % 2 === 0 ? SET_B : SET_A);
        clock.tick();
        await publisher.flush();
        clock.tick();
      }
    });
    await publisher.settled();
    return { seen, flips, counters: maps.counters() };
  });
}

function assertWhole(seen: Churned): void {
  assert.equal(seen.failed, 0, seen.error);
  assert.equal(seen.wrong, 0);
  assert.equal(seen.itself + seen.other, 0);
  assert.ok(seen.a > 0 && seen.b > 0, "both sets were met");
  assert.ok(seen.checked > 0, "some connects were between two changes");
}

for (const protocol of ["udp", "tcp"] as const) {
  test(`${protocol}: while a service flips between two sets, every connect succeeds and meets the right one`, async (t) => {
    const { seen, flips, counters } = await flip({}, protocol, protocol === "udp" ? 100_000 : 30_000);
    t.diagnostic(JSON.stringify({ flips, ...seen }));
    assertWhole(seen);
    assert.equal(counters.torn, 0n);
  });
}

test("also when the reader is held between head, image and member", async (t) => {
  const race = { points: RACE_AFTER_HEAD | RACE_BEFORE_MEMBER, microseconds: 50 };
  const { seen, flips, counters } = await flip({ object: raceObject(), race }, "udp", 5_000);
  t.diagnostic(JSON.stringify({ flips, ...seen }));
  assertWhole(seen);
  assert.equal(counters.torn, 0n);
});

test("and when the grace period is that of a map of maps, as on one CPU", async (t) => {
  const race = { points: RACE_AFTER_HEAD | RACE_BEFORE_MEMBER, microseconds: 50 };
  const { seen, flips, counters } = await flip({ object: raceObject(), race, grace: "map of maps" }, "udp", 5_000);
  t.diagnostic(JSON.stringify({ flips, ...seen }));
  assertWhole(seen);
  assert.equal(counters.torn, 0n);
});

test("negative control: memory that is used again at once is found torn, read again, and refused, not misled", async (t) => {
  const race = { points: RACE_AFTER_HEAD | RACE_BEFORE_MEMBER, microseconds: 50 };
  const { seen, flips, counters } = await flip({ object: raceObject(), race, grace: "none" }, "udp", 5_000);
  t.diagnostic(JSON.stringify({ flips, torn: `${counters.torn}`, lost: `${counters.tornLost}`, ...seen }));
  assert.ok(counters.torn > counters.tornLost, "some were read again with success");
  assert.equal(BigInt(seen.failed), counters.tornLost);
  assert.equal(seen.itself + seen.other, 0);
});

const CYCLES = 8;

/** A reader of the programs is held at a point until it is let go. */
class Gate {
  readonly #words: Uint32Array;

  constructor(memory: ArrayBuffer) {
    this.#words = new Uint32Array(memory);
  }

  /** Resolves when a reader is held. */
  async close(): Promise<void> {
    Atomics.store(this.#words, Race.offset.gate / 4, 1);
    await this.#until(1);
  }

  /** Resolves when the reader has gone on. */
  async open(): Promise<void> {
    Atomics.store(this.#words, Race.offset.gate / 4, 0);
    await this.#until(0);
  }

  async #until(held: number): Promise<void> {
    while (Atomics.load(this.#words, Race.offset.held / 4) !== held)
      await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The element of one frontend becomes that of another, while a client that asks for the first reads it. */
function recycleFrontend(trustRecycled: boolean) {
  const setting = { object: raceObject(), race: { points: RACE_AFTER_FRONTEND, microseconds: HELD, trustRecycled } };
  return withWriter(setting, async (bed, { publisher, maps }, gate) => {
    const [mine, other] = [80, 81].map((port) => frontend(`10.96.0.1 ${port}`, "UDP", { exclusive: false }));
    publisher.setService("mine", SET_A);
    publisher.setService("other", SET_B);
    const seen = await churn(bed, "udp", 1, async () => {
      for (let cycle = 0; cycle < CYCLES; cycle++) {
        publisher.setFrontend(other!, undefined);
        publisher.setFrontend(mine!, "mine");
        await publisher.flush();
        await gate.close();
        publisher.setFrontend(mine!, undefined);
        publisher.setFrontend(other!, "other");
        await publisher.flush();
        await gate.open();
      }
    });
    return { seen, recycled: Number(maps.counters().frontendRecycled) };
  });
}

test("a frontend's element that is recycled under a look-up never leads to another service", async (t) => {
  const { seen, recycled } = await recycleFrontend(false);
  t.diagnostic(JSON.stringify({ recycled, ...seen }));
  assert.equal(seen.b, 0);
  assert.equal(seen.failed, 0, seen.error);
  assert.ok(recycled > CYCLES / 2, "the race took place");
});

test("negative control: without the tag it does", async (t) => {
  const { seen } = await recycleFrontend(true);
  t.diagnostic(JSON.stringify(seen));
  assert.ok(seen.b > CYCLES / 2);
});

/** A service goes and another comes, while a client that asks for the first has its slot and not yet its head. */
function recycleSlot(grace?: "none") {
  const race = { points: RACE_BEFORE_HEAD, microseconds: HELD };
  return withWriter({ object: raceObject(), race, ...(grace && { grace }) }, async (bed, { publisher }, gate) => {
    const [mine, other] = [1, 2].map((i) => frontend(`10.96.0.${i} 80`, "UDP", { exclusive: false }));
    return churn(bed, "udp", 1, async () => {
      for (let cycle = 0; cycle < CYCLES; cycle++) {
        publisher.setService("mine", SET_A);
        publisher.setFrontend(mine!, "mine");
        await publisher.flush();
        await gate.close();
        publisher.setService("mine", undefined);
        publisher.setFrontend(mine!, undefined);
        await publisher.flush();
        const freed = publisher.settled();
        // With a grace period it is not free before the reader goes on.
        if (grace === "none") await freed;
        publisher.setService("other", SET_B);
        publisher.setFrontend(other!, "other");
        await publisher.flush();
        await gate.open();
        publisher.setService("other", undefined);
        publisher.setFrontend(other!, undefined);
        await publisher.flush();
        await Promise.all([freed, publisher.settled()]);
      }
    });
  });
}

test("a slot that is given to another service leads nobody there who looked for the first", async (t) => {
  const seen = await recycleSlot();
  t.diagnostic(JSON.stringify(seen));
  assert.equal(seen.b, 0);
  assert.equal(seen.failed, 0, seen.error);
  assert.ok(seen.a >= CYCLES);
});

test("negative control: without a grace period it does", async (t) => {
  const seen = await recycleSlot("none");
  t.diagnostic(JSON.stringify(seen));
  assert.ok(seen.b > CYCLES / 2);
});
