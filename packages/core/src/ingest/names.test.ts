import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readAddress } from "./address.ts";
import { isServerName, readHost } from "./host.ts";
import { readTime } from "./meta.ts";
import { wrongPath } from "./path.ts";

describe("hosts", () => {
  for (const [text, host] of [
    ["shop.example", "shop.example"],
    ["SHOP.Example", "shop.example"],
    ["*.shop.example", "*.shop.example"],
    ["localhost", "localhost"],
    ["xn--mnchen-3ya.example", "xn--mnchen-3ya.example"],
    ["1.example", "1.example"],
    [`${"a".repeat(63)}.example`, `${"a".repeat(63)}.example`],
  ] as const) {
    test(`${text.slice(0, 30)} is one`, () => assert.deepEqual(readHost(text), { host }));
  }
  for (const [text, reason] of [
    ["a".repeat(300), /300 characters/],
    [`${"a".repeat(64)}.example`, /label of 64 characters/],
    ["10.0.0.1", /is an address/],
    ["[::1]", /is an address/],
    ["shop.example:8080", /carries a port/],
    ["*.example", /too wide/],
    ["*", /too wide/],
    ["*.*.example.org", /not a DNS name/],
    ["shop.*.example", /not a DNS name/],
    ["*shop.example", /not a DNS name/],
    ["shop..example", /not a DNS name/],
    ["shop.example.", /not a DNS name/],
    ["-shop.example", /not a DNS name/],
    ["shop_1.example", /not a DNS name/],
    ["shop.example\n", /not a DNS name/],
    ["münchen.example", /not a DNS name/],
    ["ﬁ.example", /not a DNS name/],
    ["", /not a DNS name/],
  ] as const) {
    test(`${JSON.stringify(text.slice(0, 30))} is none`, () => {
      const read = readHost(text);
      assert.ok("wrong" in read);
      assert.match(read.wrong, reason);
    });
  }

  test("a name of a certificate that could end a text of generated code is none", () => {
    for (const name of ['a"..os.exit()..".example', "a.example\n", "*w.example", "*", ""]) {
      assert.equal(isServerName(name), false);
    }
    assert.ok(isServerName("*.shop.example"));
  });
});

describe("paths", () => {
  test("the API server's rules for Exact and Prefix", () => {
    for (const path of ["/", "/a", "/a/b/", "/a.b/..c", "/ä".normalize("NFC").replace("ä", "%C3%A4"), "/a:b;c=d"]) {
      assert.equal(wrongPath(path), undefined, path);
    }
    for (const [path, reason] of [
      ["", /does not begin/],
      ["a", /does not begin/],
      ["/a//b", /contains `\/\/`/],
      ["/a/./b", /contains `\/\.\/`/],
      ["/a/../b", /contains `\/\.\.\/`/],
      ["/a/..", /dot segment/],
      ["/a/.", /dot segment/],
      ["/a%2fb", /contains `%2f`/],
      ["/a%2Fb", /contains `%2F`/],
      ["/a?b", /cannot have/],
      ["/a#b", /cannot have/],
      ["/a b", /cannot have/],
      ["/a\nb", /cannot have/],
      ["/ä", /cannot have/],
      [`/${"a".repeat(3000)}`, /3001 characters/],
    ] as const) {
      assert.match(wrongPath(path) ?? "right", reason, path);
    }
  });
});

describe("addresses", () => {
  const rules = { allowLoopback: false };
  for (const [text, family, address] of [
    ["10.1.2.3", "IPv4", "10.1.2.3"],
    ["203.0.113.9", "IPv4", "203.0.113.9"],
    ["fd00:0:0::1", "IPv6", "fd00::1"],
    ["FD00::A", "IPv6", "fd00::a"],
  ] as const) {
    test(`${text} is read as ${address}`, () => assert.deepEqual(readAddress(text, family, rules), { address }));
  }
  for (const [text, family, reason] of [
    ["127.0.0.1", "IPv4", /loopback/],
    ["127.8.9.10", "IPv4", /loopback/],
    ["::1", "IPv6", /loopback/],
    ["::ffff:127.0.0.1", "IPv6", /loopback/],
    ["169.254.169.254", "IPv4", /linkLocal/],
    ["fe80::1", "IPv6", /linkLocal/],
    ["::ffff:169.254.169.254", "IPv6", /linkLocal/],
    ["0.0.0.0", "IPv4", /unspecified/],
    ["::", "IPv6", /unspecified/],
    ["224.0.0.1", "IPv4", /multicast/],
    ["ff02::1", "IPv6", /multicast/],
    ["255.255.255.255", "IPv4", /broadcast/],
    ["10.1.2.3", "IPv6", /no IPv6 address/],
    ["fd00::1", "IPv4", /no IPv4 address/],
    ["010.1.2.3", "IPv4", /no IPv4 address/],
    ["0x7f000001", "IPv4", /no IPv4 address/],
    ["127.1", "IPv4", /no IPv4 address/],
    ["fd00::1%eth0", "IPv6", /no IPv6 address/],
    ["pod.example", "IPv4", /no IPv4 address/],
    ["", "IPv6", /no IPv6 address/],
  ] as const) {
    test(`${text} is refused as ${family}`, () => {
      const read = readAddress(text, family, rules);
      assert.ok("wrong" in read);
      assert.match(read.wrong, reason);
    });
  }

  test("the loopback is accepted where the configuration says so, and nothing else with it", () => {
    assert.deepEqual(readAddress("127.0.0.2", "IPv4", { allowLoopback: true }), { address: "127.0.0.2" });
    assert.deepEqual(readAddress("::1", "IPv6", { allowLoopback: true }), { address: "::1" });
    assert.ok("wrong" in readAddress("169.254.169.254", "IPv4", { allowLoopback: true }));
  });
});

test("times are read as the system's own calendar reads them", () => {
  for (const text of [
    "1970-01-01T00:00:00Z",
    "2000-02-29T23:59:59Z",
    "2024-12-31T23:59:59.5Z",
    "2025-03-01T12:00:00.123456789Z",
    "2100-02-28T00:00:00Z",
  ]) {
    assert.equal(readTime(text), Math.trunc(Date.parse(text)), text);
  }
  for (const text of [undefined, 5, "", "yesterday", "2025-01-01"]) assert.equal(readTime(text), 0);
});
