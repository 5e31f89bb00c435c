/** Makes the network of a plan, on ground where nothing of its run is. */
import { createHash } from "node:crypto";
import {
  addAddress,
  addRoute,
  addRule,
  changeLink,
  createNamespace,
  createVeth,
  ensureProxy,
  findLink,
  getLink,
  type LinkSpec,
  type Namespace,
  NamespaceError,
  openNamespace,
  type Rtnetlink,
  setLinkUp,
  setSysctls,
} from "@carrick/agent/net";
import type { CableEnd, Plan, PlannedCable, PlannedLink, PlannedNamespace } from "../plan/planned.ts";

interface Open {
  readonly namespace: Namespace;
  readonly net: Rtnetlink;
  readonly plan: PlannedNamespace;
}

/** The router's `lo` says in its alias what was built, and says it last: until then it is half-made. */
const SEAL = "carrick-lab ";

function seal(plan: Plan): string {
  return SEAL + createHash("sha256").update(JSON.stringify(plan)).digest("hex");
}

/** Throws `SystemError`, `SysctlError`, `NamespaceError`; what was made until then stays, and is not sealed. */
export function buildNetwork(plan: Plan): void {
  const open = new Map<string, Open>();
  try {
    for (const namespace of plan.namespaces) {
      const made = createNamespace(namespace.name);
      open.set(namespace.name, { namespace: made, net: made.rtnetlink(), plan: namespace });
      setSysctls(made, namespace.settings);
    }
    for (const cable of plan.cables) plugIn(open, cable.ends);
    for (const one of open.values()) {
      setLinkUp(one.net, "lo");
      for (const link of one.plan.links) prepareLink(one, link);
    }
    // Routes need links that are up at both ends.
    for (const one of open.values()) {
      for (const link of one.plan.links) route(one, link);
      for (const rule of one.plan.rules) addRule(one.net, rule);
    }
    changeLink(open.get(plan.namespaces[0]!.name)!.net, "lo", { alias: seal(plan) });
  } finally {
    for (const { net, namespace } of open.values()) {
      net.close();
      namespace.close();
    }
  }
}

/** Whether exactly this was built, whole, and everything is still there. */
export function isBuilt(plan: Plan): boolean {
  for (const [at, { name, links }] of plan.namespaces.entries()) {
    let namespace: Namespace;
    try {
      namespace = openNamespace(name);
    } catch (error) {
      if (error instanceof NamespaceError) return false;
      throw error;
    }
    using net = namespace.rtnetlink();
    namespace.close();
    if (links.some((link) => findLink(net, link.name)?.carrier !== true)) return false;
    if (at === 0 && getLink(net, "lo").alias !== seal(plan)) return false;
  }
  return true;
}

function plugIn(open: ReadonlyMap<string, Open>, [a, b]: PlannedCable["ends"]): void {
  const [one, other] = [open.get(a.namespace)!, open.get(b.namespace)!];
  createVeth(one.net, specOf(one, a), { ...specOf(other, b), namespace: other.namespace.fd });
}

function specOf({ plan }: Open, { link }: CableEnd): LinkSpec {
  const { name, mac } = plan.links.find((one) => one.name === link)!;
  return { name, mac };
}

function prepareLink({ net, namespace }: Open, { name, addresses, settings }: PlannedLink): void {
  setSysctls(namespace, settings);
  for (const address of addresses) addAddress(net, name, { address });
  setLinkUp(net, name);
}

function route({ net }: Open, { name, routes, proxies }: PlannedLink): void {
  const { index } = getLink(net, name);
  for (const spec of routes) addRoute(net, { ...spec, link: index });
  for (const address of proxies) ensureProxy(net, { link: index, address });
}
