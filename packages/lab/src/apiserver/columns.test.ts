import assert from "node:assert/strict";
import { test } from "node:test";
import { age } from "./age.ts";
import { COLUMNS } from "./columns.ts";
import type { StoredObject } from "./kube-object.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test("ages", () => {
  const rows: readonly (readonly [number, string])[] = [
    [0, "0s"],
    [119 * SECOND, "119s"],
    [2 * MINUTE, "2m"],
    [5 * MINUTE + 30 * SECOND, "5m30s"],
    [179 * MINUTE, "179m"],
    [3 * HOUR, "3h"],
    [7 * HOUR + 5 * MINUTE, "7h5m"],
    [47 * HOUR, "47h"],
    [2 * DAY + 4 * HOUR, "2d4h"],
    [400 * DAY, "400d"],
    [-5 * SECOND, "0s"],
  ];
  for (const [ms, text] of rows) assert.equal(age(new Date(0).toISOString(), ms), text);
  for (const none of [undefined, null, "yesterday"]) assert.equal(age(none, 0), "<unknown>");
});

function row(plural: string, object: object): string {
  const whole = { metadata: { name: "x", creationTimestamp: "1970-01-01T00:00:00Z" }, ...object } as StoredObject;
  const cells = COLUMNS[plural]!.map((column) => column.cell(whole, 60_000));
  return cells.map(String).join(" | ");
}

test("rows of every built-in kind, full and empty", () => {
  const ready = [{ type: "Ready", status: "True" }];
  const full: Readonly<Record<string, readonly [object, string]>> = {
    namespaces: [{ status: { phase: "Active" } }, "x | Active | 60s"],
    nodes: [
      {
        metadata: {
          name: "x",
          creationTimestamp: "1970-01-01T00:00:00Z",
          labels: { "node-role.kubernetes.io/worker": "" },
        },
        spec: { unschedulable: true },
        status: {
          conditions: ready,
          nodeInfo: { kubeletVersion: "v1" },
          addresses: [{ type: "InternalIP", address: "10.0.0.1" }],
        },
      },
      "x | Ready,SchedulingDisabled | worker | 60s | v1 | 10.0.0.1 | <none>",
    ],
    pods: [
      {
        spec: { nodeName: "n", containers: [{}, {}] },
        status: {
          phase: "Running",
          podIP: "10.1.1.1",
          containerStatuses: [{ ready: true, restartCount: 2 }, { restartCount: 1 }],
        },
      },
      "x | 1/2 | Running | 3 | 60s | 10.1.1.1 | n",
    ],
    services: [
      {
        spec: {
          type: "LoadBalancer",
          clusterIP: "10.96.0.1",
          ports: [
            { port: 80, nodePort: 30000 },
            { port: 53, protocol: "UDP" },
          ],
          selector: { a: "b" },
        },
        status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } },
      },
      "x | LoadBalancer | 10.96.0.1 | 192.0.2.1 | 80:30000/TCP,53/UDP | 60s | a=b",
    ],
    endpointslices: [
      {
        addressType: "IPv4",
        ports: [{ port: 80 }],
        endpoints: ["1", "2", "3", "4"].map((end) => ({ addresses: [`10.0.0.${end}`] })),
      },
      "x | IPv4 | 80 | 10.0.0.1,10.0.0.2,10.0.0.3 + 1 more... | 60s",
    ],
    ingresses: [{ spec: { ingressClassName: "c", rules: [{ host: "a.example" }] } }, "x | c | a.example |  | 80 | 60s"],
    ingressclasses: [
      { spec: { controller: "carrick.dev/edge", parameters: { kind: "K", name: "n" } } },
      "x | carrick.dev/edge | K/n | 60s",
    ],
    secrets: [{ type: "Opaque", data: { a: "", b: "" } }, "x | Opaque | 2 | 60s"],
    configmaps: [{ data: { a: "" } }, "x | 1 | 60s"],
    serviceaccounts: [{}, "x | 60s"],
    leases: [{ spec: { holderIdentity: "me" } }, "x | me | 60s"],
    events: [
      {
        lastTimestamp: "1970-01-01T00:00:30Z",
        type: "Normal",
        reason: "Started",
        involvedObject: { kind: "Pod", name: "p" },
        message: "m",
      },
      "30s | Normal | Started | pod/p | m | x",
    ],
    customresourcedefinitions: [{}, "x | 1970-01-01T00:00:00Z"],
  };
  assert.deepEqual(Object.keys(full).sort(), Object.keys(COLUMNS).sort());
  for (const [plural, [object, expected]] of Object.entries(full)) {
    assert.equal(row(plural, object), expected);
    // An object of nothing but a name, or of nonsense, has its row as well.
    assert.match(row(plural, {}), /x/);
    assert.match(row(plural, { spec: [], status: "up", data: 3, ports: {}, endpoints: "none", addressType: {} }), /x/);
  }
});
