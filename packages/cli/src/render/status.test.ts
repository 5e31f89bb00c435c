import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import type { StatusReport } from "@carrick/core/report";
import { isHealthy } from "../health.ts";
import { type Paint, plain } from "./paint.ts";
import { renderStatus as renderStatuses } from "./status.ts";

const renderStatus = (report: StatusReport, width: number, paint: Paint) =>
  renderStatuses({ reports: [report], silent: [] }, width, paint);

const NOW = 1_800_000_000_000;

const HEALTHY: StatusReport = {
  replica: "a",
  version: "0.1.0",
  started: NOW - 11_100_000,
  now: NOW,
  ready: true,
  waitingFor: [],
  clusters: [
    {
      name: "london",
      from: "https://127.0.0.2:6443",
      state: "fresh",
      drain: false,
      weight: 1,
      kinds: [
        { kind: "Ingress", state: "fresh", objects: 502, ageMs: 1200, fromCache: false },
        { kind: "Pod", state: "fresh", objects: 732, ageMs: 400, fromCache: false },
        { kind: "Cluster", state: "absent", objects: 0, ageMs: 90_000, fromCache: false },
      ],
      problems: [],
    },
  ],
  fleets: [
    {
      name: "public",
      hosts: 502,
      resources: { LDS: 2, RDS: 65, SRDS: 1, CDS: 3, EDS: 3, SDS: 1 },
      envoys: [
        { name: "e1", cluster: "london", connectedSince: NOW - 60_000, pending: 0, refused: [], bytesSent: 1_234_567 },
      ],
    },
  ],
  problems: [],
  moreProblems: 0,
};

const TROUBLED: StatusReport = {
  ...HEALTHY,
  ready: false,
  waitingFor: ["paris/Ingress: its first list has not been told yet"],
  clusters: [
    ...HEALTHY.clusters,
    {
      name: "paris",
      from: "https://0123456789abcdef0123456789abcdef.gr7.eu-west-3.eks.amazonaws.com",
      state: "stale",
      drain: true,
      weight: 10,
      kinds: [
        {
          kind: "Ingress",
          state: "stale",
          objects: 1,
          ageMs: 312_000,
          error:
            "https://127.0.0.3:6443: nothing listens there (ECONNREFUSED): start the API server or correct the address",
          fromCache: true,
        },
        {
          kind: "Service",
          state: "stale",
          objects: 0,
          ageMs: 300_000,
          error:
            "https://127.0.0.3:6443: nothing listens there (ECONNREFUSED): start the API server or correct the address",
          fromCache: true,
        },
        { kind: "Pod", state: "unknown", objects: 0, error: "403 Forbidden", fromCache: false },
      ],
      problems: ["ingresses.yaml:12: is not YAML: a key is there twice"],
    },
  ],
  fleets: [
    {
      ...HEALTHY.fleets[0]!,
      envoys: [
        {
          name: "e1",
          cluster: "london",
          connectedSince: NOW - 90_000_000,
          pending: 3,
          refused: [{ type: "RDS", name: "https/3", message: "a route names\nno cluster" }],
          bytesSent: 999,
        },
      ],
    },
    { name: "empty", hosts: 0, resources: {}, envoys: [] },
  ],
  problems: [
    {
      object: { cluster: "paris", kind: "Ingress", namespace: "shop", name: "web", resourceVersion: "123" },
      problem: {
        code: "InvalidHost",
        path: "spec.rules[0].host",
        message: "is longer than 253 characters; give a host name as in shop.example.",
      },
      heldVersion: "120",
    },
    {
      object: { cluster: "paris", kind: "Ingress", namespace: "shop", name: "web", resourceVersion: "123" },
      problem: { code: "TooMany", path: "", message: "has too much \u001b[31mof it." },
      heldVersion: "120",
    },
    {
      object: { cluster: "london", kind: "Secret", namespace: "shop", name: "tls", resourceVersion: "7" },
      problem: { code: "InvalidCertificate", path: "data.tls.key", message: "does not fit the certificate." },
    },
  ],
  moreProblems: 0,
};

test("a healthy report", () => {
  assert.deepEqual(renderStatus(HEALTHY, 80, plain), [
    "a (Carrick 0.1.0), up 3 h 5 min, ready",
    "",
    "CLUSTER  STATE  AGE  DRAIN  WEIGHT  OBJECTS  FROM",
    "london   fresh  1 s  -           1    1,234  https://127.0.0.2:6443",
    "",
    "Fleet public: 502 hosts; resources: LDS 2, RDS 65, SRDS 1, CDS 3, EDS 3, SDS 1",
    "  ENVOY  CLUSTER  CONNECTED  PENDING  REFUSED    SENT",
    "  e1     london       1 min        0        0  1.2 MB",
    "",
    "No object has a problem.",
  ]);
  assert.equal(isHealthy(HEALTHY), true);
});

test("a report with every kind of trouble, in 80 columns and without control characters", () => {
  const lines = renderStatus(TROUBLED, 80, plain);
  assert.deepEqual(lines, [
    "a (Carrick 0.1.0), up 3 h 5 min, not ready",
    "  waits: paris/Ingress: its first list has not been told yet",
    "",
    "CLUSTER  STATE    AGE  DRAIN    WEIGHT  OBJECTS  FROM",
    "london   fresh    1 s  -             1    1,234  https://127.0.0.2:6443",
    "paris    stale  5 min  drained      10        1  https://0123456…s.amazonaws.com",
    "  Ingress, Service: stale, from the copy on disk, silent for 5 min",
    "  (https://127.0.0.3:6443: nothing listens there (ECONNREFUSED): start the API",
    "  server or correct the address)",
    "  Pod: unknown (403 Forbidden)",
    "  ingresses.yaml:12: is not YAML: a key is there twice",
    "",
    "Fleet public: 502 hosts; resources: LDS 2, RDS 65, SRDS 1, CDS 3, EDS 3, SDS 1",
    "  ENVOY  CLUSTER  CONNECTED  PENDING  REFUSED   SENT",
    "  e1     london     1 d 1 h        3        1  999 B",
    "    refuses RDS https/3: a route names no cluster",
    "",
    "Fleet empty: 0 hosts; resources: none",
    "  no Envoy is connected to this replica",
    "",
    "3 problems on 2 objects",
    "  paris: Ingress shop/web (resourceVersion 123; 120 still serves)",
    "    spec.rules[0].host: is longer than 253 characters; give a host name as in",
    "    shop.example. [InvalidHost]",
    "    has too much \\u{1b}[31mof it. [TooMany]",
    "  london: Secret shop/tls (resourceVersion 7)",
    "    data.tls.key: does not fit the certificate. [InvalidCertificate]",
  ]);
  assert.ok(lines.every((line) => line.length <= 80));
  assert.equal(isHealthy(TROUBLED), false);
});

test("colours change nothing but colours", () => {
  const coloured = renderStatus(TROUBLED, 80, (_tone, text) => `\u001b[31m${text}\u001b[39m`);
  const bare = coloured.map((line) => stripVTControlCharacters(line).trimEnd());
  assert.deepEqual(bare, renderStatus(TROUBLED, 80, plain));
});

test("problems that did not fit and refusals beyond the fifth are counted", () => {
  const refusal = { type: "CDS", name: "x", message: "no" };
  const lines = renderStatus(
    {
      ...TROUBLED,
      moreProblems: 1500,
      fleets: [
        {
          ...HEALTHY.fleets[0]!,
          envoys: [{ ...HEALTHY.fleets[0]!.envoys[0]!, refused: Array.from({ length: 7 }, () => refusal) }],
        },
      ],
    },
    80,
    plain,
  );
  assert.ok(lines.includes("1,503 problems, the first 3 are"));
  assert.equal(lines.filter((line) => line === "    refuses CDS x: no").length, 5);
  assert.ok(lines.includes("    and 2 more"));
});

test("each trouble alone makes a report unhealthy; a drain and pending updates do not", () => {
  const [cluster] = HEALTHY.clusters as [StatusReport["clusters"][number]];
  const [fleet] = HEALTHY.fleets as [StatusReport["fleets"][number]];
  const [envoy] = fleet.envoys as [(typeof fleet.envoys)[number]];
  const withCluster = (change: Partial<typeof cluster>) => ({ ...HEALTHY, clusters: [{ ...cluster, ...change }] });
  const withEnvoy = (change: Partial<typeof envoy>) => ({
    ...HEALTHY,
    fleets: [{ ...fleet, envoys: [{ ...envoy, ...change }] }],
  });
  const [kind] = cluster.kinds as [(typeof cluster.kinds)[number]];
  const troubles: StatusReport[] = [
    { ...HEALTHY, ready: false },
    { ...HEALTHY, problems: TROUBLED.problems },
    { ...HEALTHY, moreProblems: 1 },
    withCluster({ state: "stale" }),
    withCluster({ problems: ["no"] }),
    withCluster({ kinds: [{ ...kind, state: "unknown" }] }),
    withCluster({ kinds: [{ ...kind, error: "no" }] }),
    withCluster({ kinds: [{ ...kind, fromCache: true }] }),
    withEnvoy({ refused: [{ type: "CDS", name: "x", message: "no" }] }),
  ];
  assert.deepEqual(
    troubles.map(isHealthy),
    troubles.map(() => false),
  );
  assert.equal(isHealthy(withCluster({ drain: true, weight: 3 })), true);
  assert.equal(isHealthy(withEnvoy({ pending: 5 })), true);
});
