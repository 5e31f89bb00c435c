import { SHORT_NAMES } from "@carrick/core/translate";
import type { Peer, XdsEvent } from "@carrick/xds";
import type { Logger } from "../log.ts";
import type { XdsMetrics } from "../metrics/metrics.ts";

const CALLED = { edge: "Envoy", node: "node", controller: "peer" } as const;

/** Writes what happens on the streams into the log and the metrics. */
export function xdsEvents(log: Logger, metrics: XdsMetrics): (event: XdsEvent) => void {
  return (event) => {
    switch (event.kind) {
      case "opened":
        metrics.opened(fleetOf(event.peer));
        log.info({ ...named(event.peer), from: event.remote }, `${CALLED[event.peer.role]} connected`);
        break;
      case "closed":
        metrics.closed(fleetOf(event.peer), event.reason);
        log[event.reason === "defect" ? "error" : "info"](
          { ...named(event.peer), reason: event.reason },
          event.message,
        );
        break;
      case "sent":
        metrics.sent(fleetOf(event.peer), event.type, event.names.length, event.removed.length, event.bytes);
        log.debug(
          { ...named(event.peer), type: short(event.type), names: event.names, removed: event.removed },
          "sent",
        );
        break;
      case "acked":
        metrics.acked(fleetOf(event.peer), event.type, event.ms);
        log.debug({ ...named(event.peer), type: short(event.type), ms: event.ms }, "acknowledged");
        break;
      case "nacked":
        metrics.nacked(fleetOf(event.peer), event.type);
        log.warn({ ...named(event.peer), type: short(event.type), names: event.names }, `refused: ${event.message}`);
        break;
      case "refused":
      case "handshake":
        metrics.turnedAway(event.kind);
        log.warn({ from: event.remote }, `a client was turned away: ${event.message}`);
        break;
      case "tls":
        log.warn(event.message);
        break;
    }
  };
}

function named({ role, uri }: Peer): object {
  return { [CALLED[role].toLowerCase()]: uri };
}

function fleetOf(peer: Peer): string {
  return peer.role === "edge" ? peer.fleet : "";
}

function short(type: string): string {
  return SHORT_NAMES.get(type) ?? type;
}
