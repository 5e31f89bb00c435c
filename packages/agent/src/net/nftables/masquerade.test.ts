import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { testNamespace } from "../namespace/fixture.ts";
import { installMasquerade, removeMasquerade } from "./masquerade.ts";
import { type Masquerade, masqueradeRuleset } from "./masquerade-ruleset.ts";
import { applyRuleset, listRuleset } from "./nft.ts";

const london: Masquerade = {
  pods: ["10.11.1.0/24", "fd10:1:1::/64"],
  mesh: ["10.11.0.0/16", "10.11.1.0/24", "10.12.0.0/16", "172.30.0.0/16", "10.12.0.0/16", "fd10::/16", "fd10:1::/48"],
};

test("the table is set in one transaction, replaced by the next, and removed", async (t) => {
  const { path } = testNamespace(t);
  const table = (): string => {
    const ended = spawnSync("nsenter", [`--net=${path}`, "nft", "list", "ruleset"], {
      encoding: "utf8",
      timeout: 60_000,
    });
    assert.equal(ended.status, 0, ended.stderr);
    return ended.stdout;
  };
  await removeMasquerade(path);
  await installMasquerade(london, path);
  const first = table();
  assert.match(first, /table inet carrick/);
  assert.match(
    first,
    /ip saddr @pods4 ip daddr != @mesh4 ip daddr != \{.*169\.254\.0\.0\/16.*\} masquerade fully-random/,
  );
  assert.match(first, /ip6 saddr @pods6 ip6 daddr != @mesh6 ip6 daddr != \{.*fe80::\/10.*\} masquerade fully-random/);
  assert.match(first, /elements = \{ 10\.11\.0\.0\/16, 10\.12\.0\.0\/16,\s+172\.30\.0\.0\/16 \}/);
  await installMasquerade(london, path);
  assert.equal(table(), first);
  await installMasquerade({ pods: ["10.11.2.0/24"], mesh: [] }, path);
  assert.doesNotMatch(table(), /10\.12/);
  await removeMasquerade(path);
  assert.equal(table(), "");
});

test("a ruleset that nft refuses changes nothing, and is said in its words", async (t) => {
  const { path } = testNamespace(t);
  const wrong = {
    nftables: [{ add: { table: { family: "inet", name: "a" } } }, { delete: { table: { family: "inet", name: "b" } } }],
  };
  await assert.rejects(applyRuleset("try it", wrong, path), { name: "NftError", message: /^try it: .*No such file/ });
  await assert.rejects(listRuleset("look", ["table", "inet", "a"], path), { name: "NftError", message: /^look: / });
  await assert.rejects(applyRuleset("try it", {}, "/run/netns/cr-absent"), { name: "NftError", message: /cr-absent/ });
});

test("a range that is none is said before nft is asked", async () => {
  await assert.rejects(installMasquerade({ pods: ["10.11.1.0/33"], mesh: [] }), { name: "AddressError" });
  const many = Array.from({ length: 10_001 }, () => "10.0.0.0/8");
  assert.throws(() => masqueradeRuleset({ pods: [], mesh: many }), /10001 ranges are more than 10000; summarise them/);
});
