import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClusterStatus, EnvoyStatus, FleetStatus, ObjectProblem, StatusReport } from "@carrick/core/report";
import { EMPTY_STATUS } from "../fixture.ts";
import { isHealthy } from "../health.ts";
import { plain } from "./paint.ts";
import { renderStatus } from "./status.ts";

const HELD = "Envoys keep the route tables that they hold, because paris has not been seen since this replica started.";
const PARIS: ClusterStatus = {
  name: "paris",
  from: "https://127.0.0.3:6443",
  state: "fresh",
  drain: false,
  weight: 1,
  kinds: [{ kind: "Ingress", state: "fresh", objects: 7, ageMs: 1000, fromCache: false }],
  problems: [],
};
const LONDON: ClusterStatus = { ...PARIS, name: "london", from: "/etc/carrick/london" };
const FLEET: FleetStatus = { name: "public", hosts: 2, resources: { LDS: 1, RDS: 1 }, envoys: [] };
const PROBLEM: ObjectProblem = {
  object: { cluster: "paris", kind: "Ingress", namespace: "shop", name: "web", resourceVersion: "7" },
  problem: { code: "InvalidHost", path: "spec.rules[0].host", message: "is no name." },
};

function envoy(name: string, refused: EnvoyStatus["refused"] = []): EnvoyStatus {
  return { name, cluster: "london", connectedSince: EMPTY_STATUS.now - 4000, pending: 0, refused, bytesSent: 1 };
}

function report(replica: string, change: Partial<StatusReport> = {}): StatusReport {
  return { ...EMPTY_STATUS, replica, clusters: [LONDON, PARIS], fleets: [FLEET], ...change };
}

function shown(reports: readonly StatusReport[], silent: readonly string[] = []): string[] {
  return renderStatus({ reports, silent }, 80, plain);
}

test("what replicas see alike is said once; each Envoy is at its replica", () => {
  const refused = [{ type: "CDS", name: "x", message: "no" }];
  const first = report("a", {
    fleets: [{ ...FLEET, envoys: [envoy("e1")] }],
    clusters: [LONDON, { ...PARIS, kinds: [{ ...PARIS.kinds[0]!, objects: 6, ageMs: 9000 }] }],
    problems: [PROBLEM],
  });
  const second = report("b", { fleets: [{ ...FLEET, envoys: [envoy("e2", refused)] }], problems: [PROBLEM] });
  assert.deepEqual(shown([first, second]), [
    "a (Carrick 0.1.0), up 1 s, ready",
    "b (Carrick 0.1.0), up 1 s, ready",
    "",
    "CLUSTER  STATE  AGE  DRAIN  WEIGHT  OBJECTS  FROM",
    "london   fresh    -  -           1        7  /etc/carrick/london",
    "paris    fresh  9 s  -           1        6  https://127.0.0.3:6443",
    "",
    "Fleet public: 2 hosts; resources: LDS 1, RDS 1",
    "  ENVOY  CLUSTER  REPLICA  CONNECTED  PENDING  REFUSED  SENT",
    "  e1     london   a              4 s        0        0   1 B",
    "  e2     london   b              4 s        0        1   1 B",
    "    refuses CDS x: no",
    "",
    "1 problem on 1 object",
    "  paris: Ingress shop/web (resourceVersion 7)",
    "    spec.rules[0].host: is no name. [InvalidHost]",
  ]);
});

test("what only one says has its name, and a replica that does not answer is named", () => {
  const restarted = report("b", {
    clusters: [LONDON, { ...PARIS, state: "unknown", kinds: [] }],
    fleets: [{ ...FLEET, hosts: 1, held: [HELD] }],
    problems: [{ ...PROBLEM, heldVersion: "6" }],
  });
  const silent = ["http://127.0.0.3:18001: nothing listens there"];
  assert.deepEqual(shown([report("a", { problems: [PROBLEM] }), restarted], silent), [
    "a (Carrick 0.1.0), up 1 s, ready",
    "b (Carrick 0.1.0), up 1 s, ready",
    "http://127.0.0.3:18001: nothing listens there",
    "",
    "CLUSTER  REPLICA  STATE      AGE  DRAIN  WEIGHT  OBJECTS  FROM",
    "london   all      fresh        -  -           1        7  /etc/carrick/london",
    "paris    a        fresh      1 s  -           1        7  https://127.0.0.3:6443",
    "paris    b        unknown  never  -           1        0  https://127.0.0.3:6443",
    "",
    "Fleet public (a): 2 hosts; resources: LDS 1, RDS 1",
    "Fleet public (b): 1 host; resources: LDS 1, RDS 1",
    "  b: Envoys keep the route tables that they hold, because paris has not been",
    "  seen since this replica started.",
    "  no Envoy is connected",
    "",
    "2 problems on 1 object",
    "  paris: Ingress shop/web (resourceVersion 7; says a)",
    "    spec.rules[0].host: is no name. [InvalidHost]",
    "  paris: Ingress shop/web (resourceVersion 7; 6 still serves; says b)",
    "    spec.rules[0].host: is no name. [InvalidHost]",
  ]);
});

test("long names of Envoys, clusters and replicas fit into 80 columns, also many resources", () => {
  const long = `envoy-${"x".repeat(30)}`;
  const fleet = {
    ...FLEET,
    resources: Object.fromEntries(["LDS", "RDS", "SRDS", "CDS", "EDS", "SDS"].map((type) => [type, 123_456])),
    envoys: [{ ...envoy(long), cluster: long, connectedSince: -1e9, bytesSent: 123_456_789 }],
  };
  const lines = shown([report(long, { fleets: [fleet] }), report("b", { fleets: [{ ...fleet, envoys: [] }] })]);
  assert.deepEqual(
    lines.filter((line) => line.length > 80),
    [],
  );
});

test("an object that is named but not there has no version; what is held back asks for a person", () => {
  const object = { ...PROBLEM.object, kind: "Secret" as const, resourceVersion: "" };
  assert.ok(shown([report("a", { problems: [{ ...PROBLEM, object }] })]).includes("  paris: Secret shop/web"));
  assert.equal(isHealthy(report("a")), true);
  assert.equal(isHealthy(report("a", { fleets: [{ ...FLEET, held: [HELD] }] })), false);
});
