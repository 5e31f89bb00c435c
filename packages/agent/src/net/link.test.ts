/** Against the kernel: every operation is asked for, and read back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pair } from "./fixture.ts";
import {
  changeLink,
  createVeth,
  deleteLink,
  deleteLinkGroup,
  ensureNoLink,
  findLink,
  getLink,
  listLinks,
  setLinkUp,
} from "./link.ts";
import { testNamespace } from "./namespace/fixture.ts";
import { Rtnetlink } from "./netlink/socket.ts";

test("a pair is made with each end in its namespace, with names, sizes and hardware addresses", (t) => {
  const [left, right] = [testNamespace(t), testNamespace(t)];
  using net = new Rtnetlink();
  using inLeft = left.rtnetlink();
  using inRight = right.rtnetlink();
  const a = { name: "eth0", mtu: 1400, mac: "02:00:00:00:00:01", namespace: left.fd };
  const b = { name: "eth0", mtu: 1450, mac: "02:00:00:00:00:02", namespace: right.fd };
  createVeth(net, a, b);
  const [one, two] = [getLink(inLeft, "eth0"), getLink(inRight, "eth0")];
  const plain = { name: "eth0", kind: "veth", up: false, carrier: false };
  assert.partialDeepStrictEqual(one, { ...plain, mtu: 1400, mac: a.mac, peer: two.index });
  assert.partialDeepStrictEqual(two, { ...plain, mtu: 1450, mac: b.mac, peer: one.index });
  assert.throws(() => createVeth(net, a, { ...b, name: "eth1" }), {
    name: "SystemError",
    code: "EEXIST",
    message: /^create veth eth0 with peer eth1: /,
  });
  assert.equal(findLink(inRight, "eth1"), undefined, "half a pair was left");
  assert.throws(() => createVeth(net, { name: "a name too long for it" }, b), { name: "LinkNameError" });
  assert.throws(() => createVeth(net, { name: "a", mtu: 1 }, { name: "b" }), /create veth a with peer b: .*\(EINVAL\)/);
});

test("links of a group are deleted together, and no others", (t) => {
  const { net } = pair(t);
  createVeth(net, { name: "a" }, { name: "b" });
  createVeth(net, { name: "c" }, { name: "d" });
  assert.throws(() => deleteLinkGroup(net, 7), { code: "ENODEV" });
  assert.throws(() => deleteLinkGroup(net, 0), { code: "EPERM" });
  changeLink(net, "a", { group: 7 });
  changeLink(net, "d", { group: 7 });
  deleteLinkGroup(net, 7);
  assert.deepEqual(
    listLinks(net).map(({ name }) => name),
    ["lo", "l0"],
  );
});

test("a link is set up, renamed, moved and deleted, by its name and by its index", (t) => {
  const { net, peer, right, link } = pair(t);
  assert.equal(getLink(net, link).carrier, true);
  changeLink(peer, "r0", { up: false });
  assert.partialDeepStrictEqual(getLink(net, "l0"), { up: true, carrier: false });
  changeLink(net, link, { up: false, mtu: 1280, mac: "02:00:00:00:00:09" });
  changeLink(net, link, { name: "l1", alias: "of london" });
  assert.partialDeepStrictEqual(getLink(net, link), {
    name: "l1",
    up: false,
    mtu: 1280,
    mac: "02:00:00:00:00:09",
    alias: "of london",
  });
  assert.deepEqual(
    listLinks(net).map(({ name }) => name),
    ["lo", "l1"],
  );
  changeLink(net, "l1", { namespace: right.fd });
  assert.equal(findLink(net, link), undefined);
  assert.deepEqual(
    listLinks(peer)
      .map(({ name }) => name)
      .sort(),
    ["l1", "lo", "r0"],
  );
  deleteLink(peer, "r0");
  assert.deepEqual(
    listLinks(peer).map(({ name }) => name),
    ["lo"],
  );
  assert.throws(() => deleteLink(peer, "r0"), { code: "ENODEV", message: "delete link r0: no such device (ENODEV)" });
  assert.equal(ensureNoLink(peer, 4711), false);
  assert.throws(() => setLinkUp(net, "nope"), { code: "ENODEV", message: /^find link nope: / });
});
