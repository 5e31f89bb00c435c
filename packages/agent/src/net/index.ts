/**
 * Network of a node: links, addresses, routes, rules and neighbours by rtnetlink, network namespaces, their settings.
 * Synchronous: a change is in force when its call returns. A socket stays in the namespace in which it was opened:
 *
 *   using pod = createNamespace("cr-pod");
 *   using node = new Rtnetlink();
 *   createVeth(node, { name: "crA1B2" }, { name: "eth0", namespace: pod.fd });
 *   using inside = pod.rtnetlink();
 *   addAddress(inside, "eth0", { address: "10.11.1.7/32" });
 *   setLinkUp(inside, "eth0");
 */
export type { Address, AddressSpec } from "./address-message.ts";
export { addAddress, deleteAddress, ensureAddress, listAddresses } from "./address.ts";
export {
  AddressError,
  AF_INET,
  AF_INET6,
  type Family,
  formatIp,
  type Ip,
  parseIp,
  parsePrefix,
  type Prefix,
} from "./ip.ts";
export {
  type Link,
  type LinkChange,
  LinkNameError,
  type LinkRef,
  type LinkSpec,
  checkLinkName,
} from "./link-message.ts";
export {
  changeLink,
  createVeth,
  deleteLink,
  deleteLinkGroup,
  ensureNoLink,
  findLink,
  getLink,
  linkIndex,
  listLinks,
  setLinkUp,
} from "./link.ts";
export { withinNamespace, withinNewNamespace } from "./namespace/enter.ts";
export {
  createNamespace,
  deleteNamespace,
  listNamespaces,
  Namespace,
  NAMESPACE_FOLDER,
  NamespaceError,
  namespacePath,
  openNamespace,
} from "./namespace/named.ts";
export { getSysctl, linkSysctl, setSysctls, SysctlError, type Sysctls } from "./namespace/sysctl.ts";
export type { Neighbour, NeighbourSpec, ProxySpec } from "./neighbour-message.ts";
export { ensureNeighbour, ensureNoNeighbour, ensureProxy, listNeighbours, listProxies } from "./neighbour.ts";
export { installMasquerade, removeMasquerade } from "./nftables/masquerade.ts";
export type { Masquerade } from "./nftables/masquerade-ruleset.ts";
export { applyRuleset, listRuleset, NftError } from "./nftables/nft.ts";
export { NetlinkFormatError } from "./netlink/attribute.ts";
export { Rtnetlink } from "./netlink/socket.ts";
export { Protocol, type Route, type RouteSpec, type RouteType, Table } from "./route-message.ts";
export { addRoute, deleteRoute, ensureNoRoute, listRoutes, replaceRoute, type RouteFilter } from "./route.ts";
export type { Rule, RuleAction, RuleSpec } from "./rule-message.ts";
export { addRule, deleteRule, ensureRule, listRules } from "./rule.ts";
export { ensureRoutes, type EnsuredRoutes, type RefusedRoute } from "./wanted-routes.ts";
export type { Scope } from "./scope.ts";
