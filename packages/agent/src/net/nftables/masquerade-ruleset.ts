/** Source address translation for pods that speak to the world outside the mesh: the rules, in nft's JSON. */
import { AddressError, AF_INET6, formatPrefix, parsePrefix, type Prefix } from "../ip.ts";

/** Of its own, so that whatever is in it may be replaced and removed. */
export const TABLE = { family: "inet", name: "carrick" } as const;

export interface Masquerade {
  /** Ranges of this node's pods: what leaves from them may get the node's address. */
  readonly pods: readonly string[];
  /** Ranges that know pods by their own addresses: pods and nodes of all clusters of the mesh. */
  readonly mesh: readonly string[];
}

/** A node with more ranges than this has a wrong configuration. */
const MAX_RANGES = 10_000;

/**
 * One transaction that puts the table in the place of an earlier one, if there was one. Throws `AddressError`.
 * `add` before `delete`: nft refuses to delete what is not there, and a second `add` does no harm.
 */
export function masqueradeRuleset({ pods, mesh }: Masquerade): unknown {
  const sets = [
    { name: "pods4", type: "ipv4_addr", ranges: ofFamily(pods, false) },
    { name: "pods6", type: "ipv6_addr", ranges: ofFamily(pods, true) },
    { name: "mesh4", type: "ipv4_addr", ranges: ofFamily(mesh, false) },
    { name: "mesh6", type: "ipv6_addr", ranges: ofFamily(mesh, true) },
  ];
  const chain = { family: TABLE.family, table: TABLE.name, name: "masquerade" };
  const hook = { type: "nat", hook: "postrouting", prio: 100, policy: "accept" };
  return {
    nftables: [
      { add: { table: TABLE } },
      { delete: { table: TABLE } },
      { add: { table: TABLE } },
      ...sets.map(({ name, type, ranges }) => ({
        add: {
          set: {
            family: TABLE.family,
            table: TABLE.name,
            name,
            type,
            flags: ["interval"],
            ...(ranges.length > 0 && { elem: ranges }),
          },
        },
      })),
      { add: { chain: { ...chain, ...hook } } },
      ...(["4", "6"] as const).map((version) => ({
        add: { rule: { family: TABLE.family, table: TABLE.name, chain: chain.name, expr: translate(version) } },
      })),
    ],
  };
}

export function removalRuleset(): unknown {
  return { nftables: [{ add: { table: TABLE } }, { delete: { table: TABLE } }] };
}

/** A random port: two pods that dial one address at once must not race for the same (conntrack drops one of them). */
function translate(version: "4" | "6"): unknown[] {
  const protocol = version === "4" ? "ip" : "ip6";
  const field = (name: string): unknown => ({ payload: { protocol, field: name } });
  return [
    { match: { op: "==", left: field("saddr"), right: `@pods${version}` } },
    { match: { op: "!=", left: field("daddr"), right: `@mesh${version}` } },
    // What nobody routes is not translated either.
    { match: { op: "!=", left: field("daddr"), right: notRouted(version) } },
    { masquerade: { flags: "fully-random" } },
  ];
}

function notRouted(version: "4" | "6"): unknown {
  const ranges = version === "4" ? ["169.254.0.0/16", "224.0.0.0/4"] : ["fe80::/10", "ff00::/8"];
  return { set: ranges.map(range) };
}

/** nft refuses ranges that lie in one another. */
function ofFamily(ranges: readonly string[], ipv6: boolean): unknown[] {
  if (ranges.length > MAX_RANGES)
    throw new AddressError(`${ranges.length} ranges are more than ${MAX_RANGES}; summarise them`);
  const prefixes = ranges.map(parsePrefix).filter(({ family }) => (family === AF_INET6) === ipv6);
  const kept = new Map<string, Prefix>();
  for (const prefix of prefixes.sort((a, b) => a.length - b.length)) {
    const around = Array.from({ length: prefix.length + 1 }, (_, length) => networkOf(prefix, length));
    if (!around.some((network) => kept.has(network))) kept.set(networkOf(prefix, prefix.length), prefix);
  }
  return [...kept.keys()].map(range);
}

/** The network of this length around it, as text. */
function networkOf({ bytes }: Prefix, length: number): string {
  const network = bytes.map((byte, at) => byte & ~(0xff >> Math.min(8, Math.max(0, length - at * 8))));
  return formatPrefix(network, length);
}

function range(prefix: string): unknown {
  const [addr, len] = prefix.split("/");
  return { prefix: { addr, len: Number(len) } };
}
