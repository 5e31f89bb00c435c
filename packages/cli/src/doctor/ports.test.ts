import assert from "node:assert/strict";
import { test } from "node:test";
import { answering } from "../fixture.ts";
import { checkPort } from "./ports.ts";

test("a port that is free, in use, of another machine", async () => {
  const taken = await answering(() => undefined);
  const port = Number(new URL(taken.url).port);
  const check = (running: boolean, address = "127.0.0.1") => checkPort({ field: "listen.xds", address, port }, running);
  assert.deepEqual(await check(false), {
    area: "ports",
    level: "problem",
    says: `listen.xds, 127.0.0.1:${port} is in use by another program`,
    fix: "end that program, or choose another port",
  });
  assert.equal((await check(true)).level, "ok");
  assert.match((await check(false, "192.0.2.1")).says, /192\.0\.2\.1:\d+ is no address of this machine/);
  await taken[Symbol.asyncDispose]();
  assert.deepEqual(await check(false), { area: "ports", level: "ok", says: `listen.xds, 127.0.0.1:${port} is free` });
});
