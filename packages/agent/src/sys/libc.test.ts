import assert from "node:assert/strict";
import { openSync } from "node:fs";
import { test } from "node:test";
import { close } from "./libc.ts";
import { SystemError } from "./system-error.ts";

test("a call that fails throws with errno, one that does not returns", () => {
  const fd = openSync("/dev/null", "r");
  assert.equal(close("close", fd), 0);
  assert.throws(
    () => close(`close descriptor ${fd}`, fd),
    (error: unknown) => error instanceof SystemError && error.code === "EBADF" && error.message.includes(`${fd}`),
  );
});
