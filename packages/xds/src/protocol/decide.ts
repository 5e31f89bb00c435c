/** What to say now about one name. */
import { ABSENT, isHeld, mayBeHeld } from "./belief.ts";
import type { Ledger } from "./ledger.ts";
import { REMOVAL } from "./refusals.ts";
import type { Resource } from "./resource.ts";
import { contentBound } from "./waiting.ts";
import type { Bounds, Waiting } from "./waiting.ts";

export interface Policy {
  /** What stands for a missing resource when the client ignores removals. */
  readonly absent?: (name: string) => Resource | undefined;
  /** What is missing stays with the client until it does not ask for it by name any more. */
  readonly untilUnnamed?: boolean;
  /** A version that the client holds is not replaced while this is true of its name. */
  readonly frozen?: (name: string) => boolean;
}

/**
 * A resource to send; `remove`; `none`: there is nothing to say; `withhold`: the client keeps what it holds;
 * `wait`: the bounds do not let it pass; `later`: the same, and the client has what was captured; `stale`: the same,
 * and what was captured must not be said any more.
 */
export type Decision = Resource | "remove" | "none" | "withhold" | "wait" | "later" | "stale";

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
  const believed = ledger.believed(name);
  const have = ledger.mustSend(name) ? undefined : believed;
  if (have === resource.version) {
    ledger.refusals.delete(name);
    return "none";
  }
  const refused = ledger.refusals.version(name);
  if (refused === resource.version) return "none";
  if (isHeld(believed) && policy.frozen?.(name) === true) return "withhold";
  const bound = contentBound(entry.kind, bounds);
  if (epoch < bound) return resource;
  const old = entry.resource;
  if (old === undefined || entry.captured >= bound) return "wait";
  if (old.version === have) return "later";
  return entry.captured < bounds.stale || old.version === refused || ledger.keeps(name, old) ? "stale" : old;
}

function decideMissing(ledger: Ledger, policy: Policy, name: string, entry: Waiting, bounds: Bounds): Decision {
  const believed = ledger.believed(name);
  const have = ledger.mustSend(name) ? undefined : believed;
  const named = ledger.interest.isNamed(name);
  if (!ledger.source.complete(name)) return mayBeHeld(believed) || named ? "withhold" : "none";
  if (named && policy.untilUnnamed === true && ledger.mayBeUsed(name)) return "withhold";
  const absent = named ? policy.absent?.(name) : undefined;
  if (ledger.refusals.version(name) === (absent?.version ?? REMOVAL)) return "none";
  ledger.refusals.delete(name);
  if (absent !== undefined && have === absent.version) return "none";
  if (absent === undefined && (have === ABSENT || (believed === undefined && !named))) return "none";
  // A client that holds nothing waits for the answer; what it holds may still be in use.
  if (entry.last >= bounds.removals && ledger.mayBeUsed(name)) return "wait";
  return absent ?? "remove";
}
