import type { NodeStatus, StreamStatus } from "@carrick/core/report";
import { SHORT_NAMES } from "@carrick/core/translate";
import { MESH_NAMES } from "@carrick/core/translate/mesh";
import type { Peer, StreamState } from "@carrick/xds";

export function streamStatus(
  name: string,
  { since, pending, types, rejections, bytesSent }: StreamState,
): StreamStatus {
  return {
    name,
    connectedSince: since,
    pending: pending + types.reduce((sum, { inFlight }) => sum + inFlight, 0),
    refused: rejections.map(({ type, name, message }) => ({
      type: SHORT_NAMES.get(type) ?? MESH_NAMES.get(type) ?? type,
      name,
      message,
    })),
    bytesSent,
  };
}

/** Sorted by name: of a node its own, of a controller its address. */
export function meshStreams(
  streams: readonly StreamState[],
  isWanted: (peer: Peer) => boolean,
  now = Date.now(),
): NodeStatus[] {
  return streams
    .filter(({ peer }) => isWanted(peer))
    .map((stream): NodeStatus => {
      const { peer, remote, unansweredSince } = stream;
      return {
        ...streamStatus(peer.role === "node" ? peer.node : remote, stream),
        ...(unansweredSince !== undefined && { lagMs: Math.max(0, now - unansweredSince) }),
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
