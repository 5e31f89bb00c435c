import assert from "node:assert/strict";
import { test } from "node:test";
import { SystemError } from "./system-error.ts";

test("an error of the kernel says what was tried, why not, and its name", () => {
  const error = new SystemError("set link veth0 up", -19);
  assert.equal(error.message, "set link veth0 up: no such device (ENODEV)");
  assert.deepEqual([error.code, error.errno], ["ENODEV", 19]);
});

test("a number with two names has the one that the manual pages use first", () => {
  assert.equal(new SystemError("read", 11).code, "EAGAIN");
});

test("the kernel's own words come first, and a number without a name is told as it is", () => {
  assert.equal(new SystemError("add route", 22, "Nexthop has invalid gateway").code, "EINVAL");
  assert.equal(
    new SystemError("add route", 22, "Nexthop has invalid gateway").message,
    "add route: Nexthop has invalid gateway (EINVAL)",
  );
  assert.equal(new SystemError("map", 524).message, "map: E524");
});
