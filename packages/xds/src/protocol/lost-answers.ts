/**
 * Envoy swallows the refusal of a cluster beside one that warms: neither ACK nor NACK comes, until the refused name is
 * removed. Which one that is, nobody says; so all that the response added is taken back.
 */
import type { Flight } from "./flights.ts";
import type { Subscription } from "./subscription.ts";

/** Without an answer for this long, though all endpoints were taken, a response hides a refusal. */
const SWALLOWED_AFTER_MS = 2000;
/** A client that asks for no endpoints at all may only be slow: it gets this much for each cluster, and as long again. */
const PER_CLUSTER_MS = 2;

/** When it is time to look whether an answer is lost. */
export function suspectAt(flight: Flight): number | undefined {
  if (flight.takenBack || flight.exposed) return undefined;
  return (
    (flight.quietSince ?? flight.sentAt + SWALLOWED_AFTER_MS + PER_CLUSTER_MS * flight.names.size) + SWALLOWED_AFTER_MS
  );
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
    if (endpointsTaken(flight, endpoints)) return flight;
    // A cluster that waits for its endpoints delays the answer rightly. Look again later.
    flight.quietSince = now;
  }
  return undefined;
}

function endpointsTaken(flight: Flight, endpoints: Subscription | undefined): boolean {
  if (endpoints === undefined) return true;
  for (const [name, { version }] of flight.names) {
    if (version !== undefined && endpoints.wants(name) && (endpoints.open(name) || endpoints.silent(name)))
      return false;
  }
  return true;
}
