import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLines } from "./check-lines.ts";
import { type Check, ok, problem, warning } from "./check.ts";

const lines = (...checks: readonly Check[]) => checkLines(checks, 40, (_, text) => text);

test("findings stand below their area, what is wrong with why and fix, and are counted", () => {
  const unknown: Check = { area: "kernel", level: "unknown", says: "not tried", fix: "be root" };
  const why: Check = { ...problem("tools", "no nft\u001b[2J", "install it"), why: "pods need it" };
  assert.deepEqual(
    lines(ok("tools", "clang"), unknown, why, warning("kernel", "is an old one indeed, and of May", "upgrade")),
    [
      "tools",
      "  ok       clang",
      "  problem  no nft\\u{1b}[2J",
      "           why: pods need it",
      "           fix: install it",
      "kernel",
      "  unknown  not tried",
      "           fix: be root",
      "  warning  is an old one indeed, and of",
      "           May",
      "           fix: upgrade",
      "",
      "4 checks: 1 problem, 1 not looked at, 1 warning.",
    ],
  );
  assert.deepEqual(lines(ok("tools", "clang")).at(-1), "1 check, all fine.");
});
