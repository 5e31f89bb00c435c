import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { LockHeldError, openServiceMap } from "./index.ts";
import { Bed, frontend, group, service, SOCK_OBJECT } from "./fixture.ts";

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
