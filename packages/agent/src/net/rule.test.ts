/** Against the kernel: every operation is asked for, and read back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pair } from "./fixture.ts";
import { AF_INET, AF_INET6 } from "./ip.ts";
import { addRule, deleteRule, ensureRule, listRules } from "./rule.ts";

test("rules choose tables", (t) => {
  const { net } = pair(t);
  const own = (family: 2 | 10): unknown[] =>
    listRules(net, family).filter(({ priority }) => priority > 0 && priority < 32_766);
  const one = { family: AF_INET, priority: 100, inLink: "l0", to: "10.0.0.0/8", table: 70_000 } as const;
  const two = { family: AF_INET6, priority: 101, from: "fd10::/16", action: "unreachable" } as const;
  const three = { family: AF_INET, priority: 102, mark: 0x200, mask: 0xf00, table: 200 } as const;
  for (const rule of [one, two, three]) addRule(net, rule);
  assert.deepEqual(own(AF_INET), [
    { ...one, action: "lookup" },
    { ...three, action: "lookup" },
  ]);
  assert.deepEqual(own(AF_INET6), [{ ...two, table: 0 }]);
  assert.throws(() => addRule(net, one), { code: "EEXIST", message: /^add rule 100: / });
  assert.equal(ensureRule(net, one), false);
  deleteRule(net, one);
  deleteRule(net, two);
  assert.throws(() => deleteRule(net, two), { code: "ENOENT" });
  assert.equal(ensureRule(net, one), true);
  assert.equal(listRules(net).length, own(AF_INET).length + own(AF_INET6).length + 5);
});
