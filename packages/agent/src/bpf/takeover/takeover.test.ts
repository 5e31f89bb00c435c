import assert from "node:assert/strict";
import { type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { loadPinned, ServiceMaps } from "../index.ts";
import { Bed, churn, Clock, SOCK_OBJECT } from "../fixture.ts";
import { adopt } from "../services/adopt.ts";
import { SEGMENT_UNITS } from "../layout/generated.ts";

const WRITER = fileURLToPath(new URL("./fixture.ts", import.meta.url));
const KILLS = 4;

async function start(bed: Bed, lock: string, clock: Clock): Promise<{ child: ChildProcess; said: string }> {
  const args = ["--conditions=source", WRITER, bed.folder, bed.cgroup, lock, clock.path];
  const child = bed.spawn(process.execPath, args, false);
  const { value } = await createInterface({ input: child.stdout! })[Symbol.asyncIterator]().next();
  return { child, said: String(value) };
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null) await once(child, "exit");
  return child.exitCode;
}

test("a writer that is killed at any moment is followed by one that goes on: no connect fails or goes wrong", async (t) => {
  await using bed = new Bed();
  const lock = `/dev/shm/${bed.name}.lock`;
  t.after(() => rmSync(lock, { force: true }));
  let kills = 0;
  let writer: ChildProcess | undefined;
  const seen = await churn(bed, "udp", 1, async (clock) => {
    const first = await start(bed, lock, clock);
    assert.equal(first.said, "ready");
    writer = first.child;
    await clock.forget();
    const rival = await start(bed, lock, clock);
    assert.match(rival.said, /another agent of this node holds it/);
    assert.equal(await exitCode(rival.child), 3);
    for (; kills < KILLS; kills++) {
      for (const from = clock.connects; clock.connects < from + 10_000;)
        await new Promise((resolve) => setImmediate(resolve));
      await bed.stop(writer);
      const next = await start(bed, lock, clock);
      assert.equal(next.said, "ready");
      writer = next.child;
    }
    await bed.stop(writer);
  });
  t.diagnostic(JSON.stringify({ kills, ...seen }));
  assert.equal(seen.failed, 0, seen.error);
  assert.equal(seen.wrong, 0);
  assert.equal(seen.itself + seen.other, 0);
  assert.ok(seen.a > 0 && seen.b > 0);

  // What the last one left is consistent: adopt throws where images overlap.
  const object = loadPinned({ path: SOCK_OBJECT, folder: bed.folder });
  const { published, space } = adopt(new ServiceMaps((name) => object.map(name)));
  object.close();
  const used = [...published.slots.values()].reduce((sum, { image }) => sum + (image?.extent.units ?? 0), 0);
  assert.equal(used + space.freeUnits, space.segments * SEGMENT_UNITS - 1);
  for (const { slot } of published.frontends.values()) assert.ok(published.slots.get(slot!)?.image !== undefined);
});

test("a writer whose lock was lost stops when another takes over", async () => {
  await using bed = new Bed();
  using clock = new Clock(`${bed.name}.clock`);
  const locks = [`/dev/shm/${bed.name}.1`, `/dev/shm/${bed.name}.2`];
  try {
    const first = await start(bed, locks[0]!, clock);
    assert.equal(first.said, "ready");
    const second = await start(bed, locks[1]!, clock);
    assert.equal(second.said, "ready");
    assert.equal(await exitCode(first.child), 4);
    await bed.stop(second.child);
  } finally {
    for (const lock of locks) rmSync(lock, { force: true });
  }
});
