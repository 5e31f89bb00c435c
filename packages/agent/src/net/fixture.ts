/** Two namespaces of a test, and a link between them. */
import type { TestContext } from "node:test";
import { createVeth, getLink, setLinkUp } from "./link.ts";
import { testNamespace } from "./namespace/fixture.ts";
import type { Namespace } from "./namespace/named.ts";
import type { Rtnetlink } from "./netlink/socket.ts";

export interface Pair {
  readonly left: Namespace;
  readonly right: Namespace;
  readonly net: Rtnetlink;
  readonly peer: Rtnetlink;
  /** Index of `l0` in `left`. */
  readonly link: number;
}

/** Two namespaces with `l0` and `r0` between them, both up. */
export function pair(t: TestContext): Pair {
  const [left, right] = [testNamespace(t), testNamespace(t)];
  const [net, peer] = [left.rtnetlink(), right.rtnetlink()];
  t.after(() => [net, peer].forEach((socket) => socket.close()));
  createVeth(net, { name: "l0" }, { name: "r0", namespace: right.fd });
  setLinkUp(net, "l0");
  setLinkUp(peer, "r0");
  return { left, right, net, peer, link: getLink(net, "l0").index };
}
