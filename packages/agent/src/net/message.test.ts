import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { decodeAddress, encodeAddress } from "./address-message.ts";
import { AF_INET, AF_INET6, formatIp, formatMac, parseIp, parseMac, parsePrefix } from "./ip.ts";
import { checkLinkName, decodeLink, encodeLinkChange, encodeLinkRef, encodeVeth } from "./link-message.ts";
import { decodeNeighbour, encodeNeighbour } from "./neighbour-message.ts";
import { NetlinkFormatError } from "./netlink/attribute.ts";
import { decodeRoute, encodeRoute, type RouteSpec } from "./route-message.ts";
import { decodeRule, encodeRule } from "./rule-message.ts";

/** A `struct ifinfomsg` that says nothing. */
const ZEROS = "00".repeat(16);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

test("addresses and prefixes are read strictly and written canonically", () => {
  const table: [string, number, string, number][] = [
    ["10.11.1.0/24", AF_INET, "10.11.1.0", 24],
    ["10.11.1.7", AF_INET, "10.11.1.7", 32],
    ["FD10:1:01::7/64", AF_INET6, "fd10:1:1::7", 64],
    ["::/0", AF_INET6, "::", 0],
    ["::ffff:10.0.0.1", AF_INET6, "::ffff:a00:1", 128],
  ];
  for (const [text, family, ip, length] of table) {
    const prefix = parsePrefix(text);
    assert.deepEqual([prefix.family, formatIp(prefix.bytes), prefix.length], [family, ip, length], text);
  }
  const wrong = [
    "10.1/8",
    "0x7f.1",
    "010.0.0.1",
    "10.0.0.0/33",
    "10.0.0.0/08",
    "10.0.0.0/",
    "fe80::1%eth0",
    "",
    "a/8",
    "::/129",
  ];
  for (const text of wrong) assert.throws(() => parsePrefix(text), { name: "AddressError" }, text);
  assert.equal(formatMac(parseMac("02:00:0A:0b:01:07")), "02:00:0a:0b:01:07");
  for (const text of ["02:00:0a:0b:01", "02-00-0a-0b-01-07", "2:0:a:b:1:7"])
    assert.throws(() => parseMac(text), /hardware/);
  assert.throws(() => formatIp(new Uint8Array(5)), NetlinkFormatError);
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (ip) => {
      const { bytes } = parseIp(ip);
      assert.deepEqual(parseIp(formatIp(bytes)).bytes, bytes);
    }),
  );
});

test("names that the kernel would refuse, or that would lead elsewhere, name no link", () => {
  for (const name of ["eth0", "a.b", "123456789012345", "crÄ"]) assert.equal(checkLinkName(name), name);
  for (const name of ["", ".", "..", "a/b", "a:b", "a b", "a\tb", "1234567890123456", "ÄÄÄÄÄÄÄÄ"]) {
    assert.throws(() => checkLinkName(name), { name: "LinkNameError" }, name);
  }
});

test("messages are laid out as linux/rtnetlink.h says", () => {
  const table: [string, Uint8Array, string][] = [
    ["link by index", encodeLinkRef(5), "00000000 05000000 00000000 00000000"],
    ["link by name", encodeLinkRef("lo"), `${ZEROS} 07000300 6c6f0000`],
    ["link up", encodeLinkChange(5, { up: true }), "00000000 05000000 01000000 01000000"],
    ["link down", encodeLinkChange(5, { up: false }), "00000000 05000000 00000000 01000000"],
    [
      "veth with its peer in another namespace",
      encodeVeth({ name: "a", mtu: 1400 }, { name: "b", namespace: 9 }),
      `${ZEROS} 06000300 61000000 08000400 78050000 38001280 09000100 76657468 00000000 28000280 24000100` +
        `${ZEROS} 06000300 62000000 08001c00 09000000`,
    ],
    [
      "address, IPv4",
      encodeAddress(5, { address: "10.11.1.7/32", scope: "link" }),
      "022000fd 05000000 080002000a0b0107 080001000a0b0107 0800080000000000",
    ],
    [
      "address, IPv6, without a search for duplicates",
      encodeAddress(5, { address: "fd10::7/64" }),
      `0a400000 05000000 14000200fd10${"00".repeat(13)}07 14000100fd10${"00".repeat(13)}07 0800080002000000`,
    ],
    [
      "route over a gateway",
      encodeRoute({ destination: "10.11.2.0/24", via: "172.30.1.12", link: 5, onlink: true, priority: 9 }),
      "02180000 fe040001 04000000 080001000a0b0200 08000500ac1e010c 0800040005000000 0800060009000000 08000f00fe000000",
    ],
    [
      "unreachable default in a table of four bytes",
      encodeRoute({ destination: "::/0", type: "unreachable", table: 70_000, protocol: 177 }),
      "0a000000 00b10007 00000000 08000f0070110100",
    ],
    [
      "permanent neighbour",
      encodeNeighbour({ link: 5, address: "169.254.1.1", mac: "02:00:00:00:00:01" }),
      "02000000 05000000 80000000 08000100a9fe0101 0a000200020000000001 0000",
    ],
    [
      "rule",
      encodeRule({ family: AF_INET, priority: 100, to: "10.0.0.0/8", inLink: "e", table: 7 }),
      "02080000 07000001 00000000 0800060064000000 080001000a000000 0600030065000000 08000f0007000000",
    ],
  ];
  for (const [name, encoded, expected] of table) assert.equal(hex(encoded), expected.replaceAll(" ", ""), name);
});

test("a route that makes no sense is refused before the kernel sees it", () => {
  const table: [RouteSpec, RegExp][] = [
    [{ destination: "10.0.0.1/24", link: 1 }, /has bits behind its length/],
    [{ destination: "10.0.0.128/24", link: 1 }, /has bits behind its length/],
    [{ destination: "fd00::1/64", link: 1 }, /has bits behind its length/],
    [{ destination: "10.0.0.0/24", via: "fd00::1" }, /fd00::1 is of the other family/],
    [{ destination: "fd00::/64", link: 1, source: "10.0.0.1" }, /10\.0\.0\.1 is of the other family/],
  ];
  for (const [spec, message] of table) assert.throws(() => encodeRoute(spec), { name: "AddressError", message });
  for (const destination of ["10.0.0.128/25", "0.0.0.0/0", "255.255.255.255/32", "fd00::/65", "8000::/1"]) {
    assert.doesNotThrow(() => encodeRoute({ destination, link: 1 }));
  }
  assert.throws(() => encodeRule({ family: AF_INET6, priority: 1, from: "10.0.0.0/8" }), /of the other family/);
});

test("a route that was encoded is decoded to the same", () => {
  const specs: RouteSpec[] = [
    { destination: "10.11.2.0/24", via: "172.30.1.12", link: 5, onlink: true, priority: 9, source: "172.30.1.11" },
    { destination: "fd10::/64", type: "blackhole", table: 70_000, protocol: 177 },
  ];
  for (const spec of specs) {
    const route = decodeRoute(encodeRoute(spec));
    for (const [key, value] of Object.entries(spec)) assert.deepEqual(Reflect.get(route!, key), value, key);
  }
});

test("no bytes make a decoder throw anything but its error", () => {
  const decoders = [decodeLink, decodeAddress, decodeRoute, decodeRule, decodeNeighbour];
  const plausible = fc
    .tuple(fc.constantFrom(AF_INET, AF_INET6, 7), fc.uint8Array({ maxLength: 80 }))
    .map(([family, rest]) => Uint8Array.of(family, ...rest));
  fc.assert(
    fc.property(fc.oneof(plausible, fc.uint8Array({ maxLength: 80 })), (raw) => {
      for (const decode of decoders) {
        try {
          decode(raw);
        } catch (error) {
          assert.ok(error instanceof NetlinkFormatError, String(error));
        }
      }
    }),
    { numRuns: 2000 },
  );
});
