import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { createVeth, getSysctl, linkSysctl, setSysctls } from "../net/index.ts";
import { testNamespace } from "../net/namespace/fixture.ts";
import { type Node, prepareNode } from "./node.ts";

function testNode(t: TestContext): Node {
  const namespace = testNamespace(t);
  const net = namespace.rtnetlink();
  t.after(() => net.close());
  createVeth(net, { name: "up0" }, { name: "up1" });
  // What the machine's settings say of new namespaces does not count here.
  const area = "ipv6/conf" as const;
  setSysctls(namespace, {
    "ipv4/ip_forward": 0,
    "ipv6/conf/all/forwarding": 0,
    [linkSysctl(area, "up0", "accept_ra")]: 1,
    [linkSysctl(area, "up1", "accept_ra")]: 0,
  });
  return { namespace, net, addresses: [] };
}

function settings({ namespace }: Node): Record<string, string> {
  const get = (key: string) => getSysctl(namespace, key);
  return {
    v4: get("ipv4/ip_forward"),
    v6: get("ipv6/conf/all/forwarding"),
    up0: get("ipv6/conf/up0/accept_ra"),
    up1: get("ipv6/conf/up1/accept_ra"),
  };
}

test("a node forwards the families of its pods, and a link that listened to routers goes on listening", (t) => {
  const node = testNode(t);
  prepareNode(node, [4]);
  assert.deepEqual(settings(node), { v4: "1", v6: "0", up0: "1", up1: "0" });
  prepareNode(node, [4, 6]);
  assert.deepEqual(settings(node), { v4: "1", v6: "1", up0: "2", up1: "0" });
  prepareNode(node, [4, 6]);
  assert.deepEqual(settings(node), { v4: "1", v6: "1", up0: "2", up1: "0" });
});

test("a link that forwarded already did not listen, and does not begin to", (t) => {
  const node = testNode(t);
  setSysctls(node.namespace, { "ipv6/conf/up0/forwarding": 1 });
  prepareNode(node, [6]);
  assert.deepEqual(settings(node), { v4: "0", v6: "1", up0: "1", up1: "0" });
});
