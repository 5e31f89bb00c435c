/** What to say now about one name. */
import { ABSENT, isHeld, mayBeHeld } from "./belief.ts";
import type { Ledger } from "./ledger.ts";
import { REMOVAL } from "./refusals.ts";
import type { Resource } from "./resource.ts";
import type { Bounds, Waiting } from "./waiting.ts";

export interface Policy {
  /** What stands for a missing resource when the client ignores removals. */
  readonly absent?: (name: string) => Resource;
  /** A version that the client holds is not replaced while this is true of its name. */
  readonly frozen?: (name: string) => boolean;
}

/**
 * A resource to send; `remove`; `none`: there is nothing to say; `withhold`: too little is known to say anything;
 * `wait`: the bounds do not let it pass; `later`: the same, and what was captured needs no saying.
 */
export type Decision = Resource | "remove" | "none" | "withhold" | "wait" | "later";

export function decide(
  ledger: Ledger,
  policy: Policy,
  name: string,
  entry: Waiting,
  bounds: Bounds,
  epoch: number,
): Decision {
  if (!ledger.interest.wants(name)) return "none";
  const resource = ledger.source.get(name);
  if (resource === undefined) return decideMissing(ledger, policy, name, entry, bounds);
  if (ledger.keeps(name, resource)) return "withhold";
  const have = ledger.have(name);
  if (have === resource.version) {
    ledger.refusals.delete(name);
    return "none";
  }
  const refused = ledger.refusals.version(name);
  if (refused === resource.version) return "none";
  if (isHeld(have) && policy.frozen?.(name) === true) return "withhold";
  if (epoch < bounds.adds) return resource;
  const old = entry.resource;
  if (old === undefined || entry.captured >= bounds.adds) return "wait";
  return old.version === have || old.version === refused || ledger.keeps(name, old) ? "later" : old;
}

function decideMissing(ledger: Ledger, policy: Policy, name: string, entry: Waiting, bounds: Bounds): Decision {
  const have = ledger.have(name);
  const named = ledger.interest.isNamed(name);
  if (!ledger.source.complete()) return mayBeHeld(have) || named ? "withhold" : "none";
  const absent = named ? policy.absent?.(name) : undefined;
  if (ledger.refusals.version(name) === (absent?.version ?? REMOVAL)) return "none";
  ledger.refusals.delete(name);
  if (absent !== undefined && have === absent.version) return "none";
  if (absent === undefined && (have === ABSENT || (have === undefined && !named))) return "none";
  // A client that holds nothing waits for the answer; only what it holds may still be in use.
  if (mayBeHeld(have) && entry.last >= bounds.removals) return "wait";
  return absent ?? "remove";
}
