/** Messages about routing rules (`struct fib_rule_hdr`, `FRA_…`). */
import { AF_INET, AF_INET6, AddressError, type Family, formatPrefix, parsePrefix, type Prefix } from "./ip.ts";
import { attribute, concat, readAttributes, readText, readU32, text, u32 } from "./netlink/attribute.ts";
import { splitBody } from "./netlink/message.ts";
import { checkLinkName } from "./link-message.ts";

/** `RTM_…RULE` */
export const RuleMessage = { new: 32, delete: 33, get: 34 } as const;

const FIXED = 12;
const FRA = { to: 1, from: 2, inLink: 3, priority: 6, mark: 10, table: 15, mask: 16 } as const;

/** `FR_ACT_…` */
const ACTIONS = { lookup: 1, blackhole: 6, unreachable: 7, prohibit: 8 } as const;
export type RuleAction = keyof typeof ACTIONS;
const ACTION_NAMES: ReadonlyMap<number, RuleAction> = new Map(
  Object.entries(ACTIONS).map(([name, number]) => [number, name as RuleAction]),
);

export interface RuleSpec {
  readonly family: Family;
  /** Rules are asked in this order; lower first. */
  readonly priority: number;
  /** `lookup` when not given. */
  readonly action?: RuleAction;
  /** Of `lookup`. */
  readonly table?: number;
  readonly from?: string;
  readonly to?: string;
  /** Name of the link on which a packet came. */
  readonly inLink?: string;
  readonly mark?: number;
  /** All bits when not given. */
  readonly mask?: number;
}

export interface Rule {
  readonly family: Family;
  readonly priority: number;
  readonly action: RuleAction | number;
  readonly table: number;
  readonly from?: string;
  readonly to?: string;
  readonly inLink?: string;
  readonly mark?: number;
  readonly mask?: number;
}

/** Throws `AddressError`, also when a prefix is of the other family. */
export function encodeRule(spec: RuleSpec): Uint8Array {
  const { family, priority, action = "lookup", table = 0, inLink, mark, mask } = spec;
  const ofFamily = (prefix: string | undefined): Prefix | undefined => {
    if (prefix === undefined) return undefined;
    const parsed = parsePrefix(prefix);
    if (parsed.family !== family) throw new AddressError(`rule ${priority}: ${prefix} is of the other family`);
    return parsed;
  };
  const [from, to] = [ofFamily(spec.from), ofFamily(spec.to)];
  const bytes = new Uint8Array(FIXED);
  bytes[0] = family;
  bytes[1] = to?.length ?? 0;
  bytes[2] = from?.length ?? 0;
  bytes[4] = table < 256 ? table : 0;
  bytes[7] = ACTIONS[action];
  return concat([
    bytes,
    u32(FRA.priority, priority),
    ...(to === undefined ? [] : [attribute(FRA.to, to.bytes)]),
    ...(from === undefined ? [] : [attribute(FRA.from, from.bytes)]),
    ...(inLink === undefined ? [] : [text(FRA.inLink, checkLinkName(inLink))]),
    ...(mark === undefined ? [] : [u32(FRA.mark, mark)]),
    ...(mask === undefined ? [] : [u32(FRA.mask, mask)]),
    ...(table === 0 ? [] : [u32(FRA.table, table)]),
  ]);
}

export function encodeRulesOf(family: number): Uint8Array {
  const bytes = new Uint8Array(FIXED);
  bytes[0] = family;
  return bytes;
}

/** Throws `NetlinkFormatError`. `undefined` for a family that is not IP. */
export function decodeRule(body: Uint8Array): Rule | undefined {
  const { head, rest } = splitBody(body, FIXED);
  const family = head.getUint8(0);
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  const attributes = readAttributes(rest);
  const [to, from] = [attributes.get(FRA.to), attributes.get(FRA.from)];
  const inLink = readText(attributes, FRA.inLink);
  const [mark, mask] = [readU32(attributes, FRA.mark), readU32(attributes, FRA.mask)];
  return {
    family,
    priority: readU32(attributes, FRA.priority) ?? 0,
    action: ACTION_NAMES.get(head.getUint8(7)) ?? head.getUint8(7),
    table: readU32(attributes, FRA.table) ?? head.getUint8(4),
    ...(to !== undefined && { to: formatPrefix(to, head.getUint8(1)) }),
    ...(from !== undefined && { from: formatPrefix(from, head.getUint8(2)) }),
    ...(inLink !== undefined && { inLink }),
    ...(mark !== undefined && { mark }),
    ...(mask !== undefined && { mask }),
  };
}
