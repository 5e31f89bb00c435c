import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import ipaddr from "ipaddr.js";
import { addressBytes, addressText, endpointText, isMappedIPv4 } from "./address.ts";

test("any address has the bytes that ipaddr.js gives it, and its text means the same", () => {
  fc.assert(
    // ipaddr.js takes the deprecated ::a.b.c.d for ::ffff:a.b.c.d.
    fc.property(
      fc.oneof(
        fc.ipV4(),
        fc.ipV6().filter((text) => !text.includes(".")),
      ),
      (text) => {
        const parsed = ipaddr.parse(text);
        const wanted = parsed.kind() === "ipv4" ? (parsed as ipaddr.IPv4).toIPv4MappedAddress() : parsed;
        const bytes = addressBytes(text);
        assert.deepEqual([...bytes], wanted.toByteArray());
        assert.equal(isMappedIPv4(bytes), (wanted as ipaddr.IPv6).isIPv4MappedAddress());
        assert.deepEqual(addressBytes(addressText(bytes)), bytes);
      },
    ),
  );
});

test("the last 32 bits may be written as IPv4", () => {
  assert.deepEqual(addressBytes("::ffff:10.1.2.3"), addressBytes("10.1.2.3"));
  assert.deepEqual([...addressBytes("64:ff9b::10.1.2.3")], [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 10, 1, 2, 3]);
});

test("what is no address is refused", () => {
  for (const text of ["", "10.0.0", "10.0.0.256", "::1%lo", "fd00::1::2", "a"])
    assert.throws(() => addressBytes(text), /is no IP address/);
});

test("the text of an endpoint keeps address and port apart", () => {
  assert.equal(endpointText(addressBytes("10.0.0.1"), 80), "10.0.0.1:80");
  assert.equal(endpointText(addressBytes("fd00::1"), 80), "[fd00:0:0:0:0:0:0:1]:80");
});
