import assert from "node:assert/strict";
import { test } from "node:test";
import { SystemError } from "./system-error.ts";
import { unlessCode } from "./unless-code.ts";

test("only the error that is expected is none", () => {
  const fails = (error: Error) => (): never => {
    throw error;
  };
  assert.equal(
    unlessCode("ENODEV", () => 7),
    7,
  );
  assert.equal(unlessCode("ENODEV", fails(new SystemError("find", 19))), undefined);
  assert.throws(() => unlessCode("ENODEV", fails(new SystemError("find", 1))), { code: "EPERM" });
  assert.throws(() => unlessCode("ENODEV", fails(new Error("ENODEV"))), { name: "Error" });
});
