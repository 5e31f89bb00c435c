import {
  type MeshStatus,
  type NodeStatus,
  paragraph,
  type PeerStatus,
  printable,
  shortened,
  type StatusReport,
} from "@carrick/core/report";
import type { Paint, Tone } from "./paint.ts";
import { bytes, count, counted, duration } from "./quantity.ts";
import { refusalLines } from "./refusals.ts";
import { table } from "./table.ts";

const NAME_WIDTH = 24;
/** Of the nodes of a mesh, those with trouble first; more are counted, and the JSON has all. */
const SHOWN_NODES = 20;
const SHOWN_NAMES = 8;

const STATE_TONE: Readonly<Record<PeerStatus["state"], Tone>> = { fresh: "good", stale: "warning", unknown: "bad" };

/** Something of the mesh, by the replica that says it. */
interface Said<T> {
  readonly value: T;
  readonly replica: string;
  readonly now: number;
}

/** Each mesh behind an empty line: nodes by the replica that each follows, and peers as each replica hears them. */
export function meshLines(reports: readonly StatusReport[], several: boolean, width: number, paint: Paint): string[] {
  const said = reports.flatMap(({ mesh, replica, now }): Said<MeshStatus>[] =>
    mesh === undefined ? [] : [{ value: mesh, replica, now }],
  );
  return [...Map.groupBy(said, ({ value }) => value.cluster)].flatMap(([cluster, views]) => {
    const nodes = views.flatMap(({ value, ...by }) =>
      value.nodes.map((node): Said<NodeStatus> => ({ value: node, ...by })),
    );
    const peers = views.flatMap(({ value, ...by }) =>
      value.peers.map((peer): Said<PeerStatus> => ({ value: peer, ...by })),
    );
    const peerCount = new Set(peers.map(({ value }) => value.name)).size;
    const about = `${counted(nodes.length, "node")} in touch, ${counted(peerCount, "peer")}`;
    return [
      "",
      `${paint("title", printable(`Mesh of ${cluster}`))}: ${about}`,
      ...nodeLines(nodes, several, width, paint),
      ...otherLines(views, nodes, several, width, paint),
      ...peerLines(peers, several, width, paint),
    ];
  });
}

function nodeLines(nodes: readonly Said<NodeStatus>[], several: boolean, width: number, paint: Paint): string[] {
  if (nodes.length === 0) return [];
  const trouble = ({ value }: Said<NodeStatus>) => Number(value.refused.length > 0) * 2 + Number(value.pending > 0);
  const shown = nodes.toSorted((a, b) => trouble(b) - trouble(a)).slice(0, SHOWN_NODES);
  const lines = table(
    [
      { title: "NODE" },
      ...(several ? [{ title: "REPLICA" }] : []),
      { title: "CONNECTED", align: "right" },
      { title: "PENDING", align: "right" },
      { title: "LAG", align: "right" },
      { title: "REFUSED", align: "right" },
      { title: "SENT", align: "right" },
    ],
    shown.map(({ value, replica, now }) => [
      name(value.name),
      ...(several ? [name(replica)] : []),
      duration(now - value.connectedSince),
      value.pending === 0 ? "0" : paint("warning", count(value.pending)),
      value.lagMs === undefined ? "-" : `${count(value.lagMs)} ms`,
      refusedCell(value.refused.length, paint),
      bytes(value.bytesSent),
    ]),
  );
  const more = nodes.length - shown.length;
  return [
    ...indented(lines, paint, (i) => refusalLines(shown[i]!.value, width, paint)),
    ...(more > 0 ? [`  and ${count(more)} more`] : []),
  ];
}

/** Nodes that none of the replicas that were asked knows to be in touch. */
function otherLines(
  views: readonly Said<MeshStatus>[],
  nodes: readonly Said<NodeStatus>[],
  several: boolean,
  width: number,
  paint: Paint,
): string[] {
  const following = new Set(nodes.map(({ value }) => value.name));
  const others = new Set(views.flatMap(({ value }) => value.otherNodes).filter((one) => !following.has(one)));
  if (others.size === 0) return [];
  const names = [...others].slice(0, SHOWN_NAMES).join(", ");
  const more = others.size > SHOWN_NAMES ? ` and ${count(others.size - SHOWN_NAMES)} more` : "";
  const which = several ? "none of these replicas" : "another replica, or none";
  const verb = others.size === 1 ? "follows" : "follow";
  const sentence = `${counted(others.size, "node")} ${verb} ${which}: ${names}${more}`;
  return paragraph(sentence, width, "  ").map((line) => (several ? paint("warning", line) : line));
}

function peerLines(peers: readonly Said<PeerStatus>[], several: boolean, width: number, paint: Paint): string[] {
  if (peers.length === 0) return [];
  const sorted = peers.toSorted((a, b) => (a.value.name < b.value.name ? -1 : 1));
  const lines = table(
    [
      { title: "PEER" },
      ...(several ? [{ title: "REPLICA" }] : []),
      { title: "STATE" },
      { title: "CONNECTED", align: "right" },
      { title: "HEARD", align: "right" },
      { title: "REFUSED", align: "right" },
      { title: "FOLLOWED BY" },
    ],
    sorted.map(({ value, replica, now }) => [
      name(value.name),
      ...(several ? [name(replica)] : []),
      paint(STATE_TONE[value.state], value.state),
      value.connectedSince === undefined ? paint("bad", "no") : duration(now - value.connectedSince),
      value.heardMs === undefined ? "never" : `${duration(value.heardMs)} ago`,
      refusedCell(value.refused, paint),
      value.followers.length === 0 ? "nobody" : counted(value.followers.length, "controller"),
    ]),
  );
  return indented(lines, paint, (i) =>
    sorted[i]!.value.followers.flatMap((follower) => refusalLines(follower, width, paint)),
  );
}

function indented([titles = "", ...rows]: readonly string[], paint: Paint, below: (i: number) => string[]): string[] {
  return [`  ${paint("title", titles)}`, ...rows.flatMap((line, i) => [`  ${line}`, ...below(i)])];
}

function refusedCell(refused: number, paint: Paint): string {
  return refused === 0 ? "0" : paint("bad", count(refused));
}

function name(text: string): string {
  return shortened(printable(text), NAME_WIDTH);
}
