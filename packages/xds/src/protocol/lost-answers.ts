/**
 * Envoy swallows the refusal of a cluster beside anything else that changes or warms: neither ACK nor NACK comes until
 * the refused name is removed. It asks for the endpoints of every cluster that it took, and of none that it refused.
 */
import type { Flight } from "./flights.ts";
import type { Subscription } from "./subscription.ts";

/** Without an answer for this long, though all endpoints were taken, a response hides a refusal. */
const SWALLOWED_AFTER_MS = 2000;
/** A client that has asked for no endpoints may only be slow: it gets as long again, and this much for each cluster. */
const PER_CLUSTER_MS = 2;

/** When it is time to look whether an answer is lost. */
export function suspectAt(flight: Flight): number | undefined {
  if (flight.takenBack) return undefined;
  const { quietSince, sentAt, names } = flight;
  return (quietSince ?? sentAt + SWALLOWED_AFTER_MS + PER_CLUSTER_MS * names.size) + SWALLOWED_AFTER_MS;
}

/** The first response whose answer is lost. */
export function lostAnswer(
  clusters: Subscription,
  endpoints: Subscription | undefined,
  now: number,
): Flight | undefined {
  for (const flight of clusters.flights) {
    const at = suspectAt(flight);
    if (at === undefined || now < at) continue;
    if (!awaitsEndpoints(flight, endpoints)) return flight;
    // It delays the answer rightly. Look again later.
    flight.quietSince = now;
  }
  return undefined;
}

function awaitsEndpoints(flight: Flight, endpoints: Subscription | undefined): boolean {
  if (endpoints === undefined) return false;
  for (const [name, { resource }] of flight.names) {
    if (resource !== undefined && endpoints.wants(name) && (endpoints.owes(name) || endpoints.silent(name)))
      return true;
  }
  return false;
}
