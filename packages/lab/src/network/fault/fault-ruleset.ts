/** Faults as rules of nftables in the router, and read back: the kernel is the only place where they stand. Pure. */
import type { Topology } from "../topology/topology.ts";
import { routerLink } from "../plan/place.ts";
import { destinationsOf } from "../plan/addresses.ts";
import { isIpv6 } from "../topology/range.ts";
import { type Fault, FaultError, placesBetween } from "./fault.ts";

export const FAULT_TABLE = { family: "inet", name: "carrick-lab-faults" } as const;
const CHAIN = "forward";

/** One transaction that puts these faults in the place of all earlier ones. Throws `FaultError`. */
export function faultRuleset(topology: Topology, faults: readonly Fault[]): unknown {
  const { family, name: table } = FAULT_TABLE;
  // Before connection tracking or any other rule: a cut line asks nobody.
  const hook = { type: "filter", hook: "forward", prio: -300, policy: "accept" };
  return {
    nftables: [
      { add: { table: FAULT_TABLE } },
      { delete: { table: FAULT_TABLE } },
      { add: { table: FAULT_TABLE } },
      { add: { chain: { family, table, name: CHAIN, ...hook } } },
      ...faults.flatMap((fault) =>
        expressions(topology, fault).map((expr) => ({
          add: { rule: { family, table, chain: CHAIN, comment: describe(fault), expr } },
        })),
      ),
    ],
  };
}

/**
 * One rule for each family: by the link on which a packet comes, and by where it wants to go. Not by the link on which
 * it leaves: that may be a relay that delays it.
 */
function expressions(topology: Topology, fault: Fault): unknown[][] {
  if (!Number.isInteger(fault.loss) || fault.loss < 1 || fault.loss > 100) {
    throw new FaultError(`a loss of ${fault.loss} percent cannot be; give a whole number from 1 to 100`);
  }
  const { from, to } = placesBetween(topology, fault);
  const links = from.map((place) => routerLink(topology, place));
  const destinations = destinationsOf(topology, to);
  const chance = { match: { op: "<", left: { numgen: { mode: "random", mod: 100, offset: 0 } }, right: fault.loss } };
  return (["ip", "ip6"] as const).map((protocol) => [
    { match: { op: "==", left: { meta: { key: "iifname" } }, right: { set: links } } },
    {
      match: {
        op: "==",
        left: { payload: { protocol, field: "daddr" } },
        right: { set: destinations.filter((range) => isIpv6(range) === (protocol === "ip6")).map(prefix) },
      },
    },
    ...(fault.loss < 100 ? [chance] : []),
    { counter: { packets: 0, bytes: 0 } },
    { drop: null },
  ]);
}

function prefix(range: string): unknown {
  const [addr, len] = range.split("/");
  return { prefix: { addr, len: Number(len) } };
}

/** `london/n1 > paris 20%`: the rule's comment, and what `status` shows. */
export function describe({ from, to, loss }: Fault): string {
  return `${from} > ${to} ${loss}%`;
}

export interface StandingFault extends Fault {
  /** How many packets it has taken. */
  readonly packets: number;
}

/** From the answer of `nft -j list table`. Throws `FaultError` for a table that the lab did not write. */
export function readFaults(listing: unknown): StandingFault[] {
  const entries = (Object(listing) as { nftables?: unknown }).nftables;
  if (!Array.isArray(entries)) throw new FaultError("the table of faults: nft's answer has no list");
  const found = new Map<string, StandingFault>();
  for (const entry of entries as unknown[]) {
    const { rule } = Object(entry) as { rule?: { comment?: unknown; expr?: unknown } };
    if (rule === undefined) continue;
    const comment = String(rule.comment);
    const [, from, to, loss] = /^(\S+) > (\S+) (\d+)%$/.exec(comment) ?? [];
    if (from === undefined || to === undefined) {
      throw new FaultError(`the table of faults: rule "${comment}" is not of the lab; remove it, or take the run down`);
    }
    const packets = countOf(rule.expr) + (found.get(comment)?.packets ?? 0);
    found.set(comment, { from, to, loss: Number(loss), packets });
  }
  return [...found.values()];
}

function countOf(expr: unknown): number {
  const parts: unknown[] = Array.isArray(expr) ? expr : [];
  const counter = parts.map((part) => (Object(part) as { counter?: { packets?: unknown } }).counter).find(Boolean);
  return Number(counter?.packets ?? 0);
}
