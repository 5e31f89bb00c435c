/** Routing rules. Every function throws `SystemError` when the kernel says no, `AddressError` for a bad text. */
import { AF_INET, AF_INET6, type Family } from "./ip.ts";
import { unlessCode } from "../sys/unless-code.ts";
import { Flag } from "./netlink/message.ts";
import type { Rtnetlink } from "./netlink/socket.ts";
import { decodeRule, encodeRule, encodeRulesOf, type Rule, RuleMessage, type RuleSpec } from "./rule-message.ts";

/** `EEXIST` when there is one that is equal in all. */
export function addRule(net: Rtnetlink, spec: RuleSpec): void {
  net.request(`add rule ${spec.priority}`, RuleMessage.new, Flag.create | Flag.exclusive, encodeRule(spec));
}

/** Says whether it was added. */
export function ensureRule(net: Rtnetlink, spec: RuleSpec): boolean {
  return unlessCode("EEXIST", () => (addRule(net, spec), true)) ?? false;
}

/** `ENOENT` when there is none. */
export function deleteRule(net: Rtnetlink, spec: RuleSpec): void {
  net.request(`delete rule ${spec.priority}`, RuleMessage.delete, 0, encodeRule(spec));
}

/** Without a family: of both. */
export function listRules(net: Rtnetlink, family?: Family): Rule[] {
  const families = family === undefined ? [AF_INET, AF_INET6] : [family];
  const rows = families.flatMap((one) => net.dump("list rules", RuleMessage.get, encodeRulesOf(one)));
  return rows.map(decodeRule).filter((row) => row !== undefined);
}
