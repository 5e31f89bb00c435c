import type { MeshStatus, NodeStatus, PeerStatus } from "@carrick/core/report";
import type { ClusterName } from "@carrick/core/model";
import type { PeerSource } from "../peers/peer-source.ts";
import { stateOfSource } from "../sources/source.ts";
import type { World } from "../world/world.ts";

export interface MeshInputs {
  readonly cluster: ClusterName;
  readonly world: World;
  readonly peers: readonly PeerSource[];
  readonly nodes: () => NodeStatus[];
  readonly controllers: (cluster: ClusterName) => NodeStatus[];
}

export function meshStatus({ cluster, world, peers, nodes, controllers }: MeshInputs, now: number): MeshStatus {
  const following = nodes();
  const names = new Set(following.map(({ name }) => name));
  const otherNodes: string[] = [];
  for (const [, node] of world.tables.Node.entries())
    if (node.cluster === cluster && !names.has(node.name)) otherNodes.push(node.name);
  return {
    cluster,
    nodes: following,
    otherNodes: otherNodes.sort((a, b) => (a < b ? -1 : 1)),
    peers: peers.map((peer) => peerStatus(peer, controllers(peer.cluster), now)),
  };
}

function peerStatus(peer: PeerSource, followers: NodeStatus[], now: number): PeerStatus {
  const { connectedAt, heardAt, error, refused } = peer.state();
  return {
    name: peer.cluster,
    from: peer.from,
    state: stateOfSource(peer.kinds()),
    ...(connectedAt !== undefined && { connectedSince: connectedAt }),
    ...(heardAt !== undefined && { heardMs: Math.max(0, now - heardAt) }),
    ...(error !== undefined && { error }),
    refused,
    followers,
  };
}
