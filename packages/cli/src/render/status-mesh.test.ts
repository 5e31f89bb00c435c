import assert from "node:assert/strict";
import { test } from "node:test";
import type { MeshStatus, NodeStatus, PeerStatus, StatusReport } from "@carrick/core/report";
import { EMPTY_STATUS } from "../fixture.ts";
import { isHealthy } from "../health.ts";
import { plain } from "./paint.ts";
import { meshLines } from "./status-mesh.ts";

function node(name: string, change: Partial<NodeStatus> = {}): NodeStatus {
  return { name, connectedSince: EMPTY_STATUS.now - 1000, pending: 0, refused: [], bytesSent: 1200, ...change };
}

const PARIS: PeerStatus = {
  name: "paris",
  from: "10.12.0.1:18000",
  state: "fresh",
  connectedSince: EMPTY_STATUS.now - 1000,
  heardMs: 0,
  refused: 0,
  followers: [node("10.12.0.1")],
};
const REFUSED = [{ type: "Service", name: "paris/shop/cart", message: "has no port\u001b[2J" }];

function report(mesh: Partial<MeshStatus>, replica = "a"): StatusReport {
  return { ...EMPTY_STATUS, replica, mesh: { cluster: "london", nodes: [], otherNodes: [], peers: [], ...mesh } };
}

function shown(...reports: readonly StatusReport[]): string[] {
  return meshLines(reports, reports.length > 1, 80, plain);
}

test("nodes with what they have not taken, those with trouble first, and peers as they are heard", () => {
  const nodes = [node("n1"), node("n2", { pending: 3, lagMs: 1200 }), node("n3", { refused: REFUSED })];
  const away: PeerStatus = { name: "rome", from: "-", state: "unknown", error: "x", refused: 2, followers: [] };
  assert.deepEqual(shown(report({ nodes, otherNodes: ["n4"], peers: [away, PARIS] })), [
    "",
    "Mesh of london: 3 nodes in touch, 2 peers",
    "  NODE  CONNECTED  PENDING       LAG  REFUSED    SENT",
    "  n3          1 s        0         -        1  1.2 kB",
    "    refuses Service paris/shop/cart: has no port\\u{1b}[2J",
    "  n2          1 s        3  1,200 ms        0  1.2 kB",
    "  n1          1 s        0         -        0  1.2 kB",
    "  1 node follows another replica, or none: n4",
    "  PEER   STATE    CONNECTED    HEARD  REFUSED  FOLLOWED BY",
    "  paris  fresh          1 s  0 s ago        0  1 controller",
    "  rome   unknown         no    never        2  nobody",
  ]);
});

test("a node that one of the replicas knows is no other one's", () => {
  const first = report({ nodes: [node("n1")], otherNodes: ["n2", "n3"], peers: [PARIS] });
  const second = report({ nodes: [node("n2")], otherNodes: ["n1", "n3"], peers: [PARIS] }, "b");
  assert.deepEqual(shown(first, second), [
    "",
    "Mesh of london: 2 nodes in touch, 1 peer",
    "  NODE  REPLICA  CONNECTED  PENDING  LAG  REFUSED    SENT",
    "  n1    a              1 s        0    -        0  1.2 kB",
    "  n2    b              1 s        0    -        0  1.2 kB",
    "  1 node follows none of these replicas: n3",
    "  PEER   REPLICA  STATE  CONNECTED    HEARD  REFUSED  FOLLOWED BY",
    "  paris  a        fresh        1 s  0 s ago        0  1 controller",
    "  paris  b        fresh        1 s  0 s ago        0  1 controller",
  ]);
});

test("a mesh of a thousand nodes fits the screen, and one without a mesh says nothing", () => {
  const nodes = Array.from({ length: 1000 }, (_, i) => node(`n${i}`, { pending: i === 999 ? 1 : 0 }));
  const lines = shown(report({ nodes, otherNodes: Array.from({ length: 30 }, (_, i) => `o${i}`) }));
  assert.equal(lines.length, 26);
  assert.match(lines[3]!, /^ {2}n999 /);
  assert.deepEqual(lines.slice(-3), [
    "  and 980 more",
    "  30 nodes follow another replica, or none: o0, o1, o2, o3, o4, o5, o6, o7 and",
    "  22 more",
  ]);
  assert.deepEqual(shown(EMPTY_STATUS), []);
});

test("a refusal asks for a person; a node that is behind or without an agent does not", () => {
  assert.equal(isHealthy(report({ nodes: [node("n1", { pending: 3 })], otherNodes: ["n2"], peers: [PARIS] })), true);
  assert.equal(isHealthy(report({ nodes: [node("n1", { refused: REFUSED })] })), false);
  const refusing = { ...PARIS, followers: [node("10.12.0.1", { refused: REFUSED })] };
  assert.equal(isHealthy(report({ peers: [refusing] })), false);
});
