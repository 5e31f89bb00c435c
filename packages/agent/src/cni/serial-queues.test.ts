import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { QueueFullError, SerialQueues } from "./serial-queues.ts";

/** Work that ends when it is told to, and notes when it runs. */
function controlled(log: string[], name: string) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  // It may fail before anybody waits for it.
  promise.catch(() => {});
  const work = async (): Promise<string> => {
    log.push(`${name} begins`);
    try {
      return await promise;
    } finally {
      log.push(`${name} ends`);
    }
  };
  return { work, end: () => resolve(name), fail: () => reject(new Error(name)) };
}

test("work for one key runs in order, also after work that failed; other keys do not wait", async () => {
  const log: string[] = [];
  const queues = new SerialQueues<string>(8);
  const [one, two, three, other] = ["one", "two", "three", "other"].map((name) => controlled(log, name));
  const done = [queues.run("k", one!.work), queues.run("k", two!.work), queues.run("k", three!.work)];
  const side = queues.run("l", other!.work);
  await nextTurn();
  assert.deepEqual(log, ["one begins", "other begins"]);
  assert.ok(queues.busy("k") && queues.busy("l"));
  other!.end();
  three!.end();
  two!.fail();
  await side;
  await nextTurn();
  assert.deepEqual(log.slice(2), ["other ends"]);
  one!.end();
  assert.deepEqual(
    (await Promise.allSettled(done)).map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled"],
  );
  assert.deepEqual(log.slice(3), ["one ends", "two begins", "two ends", "three begins", "three ends"]);
  assert.ok(!queues.busy("k") && !queues.busy("l"));
});

test("more than the limit for one key is refused, and room comes back", async () => {
  const queues = new SerialQueues<string>(2);
  const first = controlled([], "first");
  const running = [queues.run("k", first.work), queues.run("k", () => Promise.resolve("second"))];
  await assert.rejects(
    queues.run("k", () => Promise.resolve("")),
    QueueFullError,
  );
  assert.equal(await queues.run("l", () => Promise.resolve("free")), "free");
  first.end();
  assert.deepEqual(await Promise.all(running), ["first", "second"]);
  assert.equal(await queues.run("k", () => Promise.resolve("again")), "again");
});
