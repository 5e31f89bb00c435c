/** Faults as rules of nftables in the router, and read back from there: the kernel is the only place they stand. Pure. */
import type { Topology } from "../topology/topology.ts";
import { type Fault, FaultError, linksOf } from "./fault.ts";

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
      ...faults.map((fault) => ({
        add: { rule: { family, table, chain: CHAIN, comment: describe(fault), expr: expression(topology, fault) } },
      })),
    ],
  };
}

function expression(topology: Topology, fault: Fault): unknown[] {
  const { from, to } = linksOf(topology, fault);
  const on = (key: string, links: readonly string[]): unknown => ({
    match: { op: "==", left: { meta: { key } }, right: { set: links } },
  });
  const chance = { match: { op: "<", left: { numgen: { mode: "random", mod: 100, offset: 0 } }, right: fault.loss } };
  return [
    on("iifname", from),
    on("oifname", to),
    ...(fault.loss < 100 ? [chance] : []),
    { counter: { packets: 0, bytes: 0 } },
    { drop: null },
  ];
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
  return entries.flatMap((entry: unknown): StandingFault[] => {
    const { rule } = Object(entry) as { rule?: { comment?: unknown; expr?: unknown } };
    if (rule === undefined) return [];
    const [, from, to, loss] = /^(\S+) > (\S+) (\d+)%$/.exec(String(rule.comment)) ?? [];
    if (from === undefined || to === undefined) {
      throw new FaultError(`the table of faults: rule "${String(rule.comment)}" is not of the lab; heal everything`);
    }
    return [{ from, to, loss: Number(loss), packets: countOf(rule.expr) }];
  });
}

function countOf(expr: unknown): number {
  const parts: unknown[] = Array.isArray(expr) ? expr : [];
  const counter = parts.map((part) => (Object(part) as { counter?: { packets?: unknown } }).counter).find(Boolean);
  return Number(counter?.packets ?? 0);
}
