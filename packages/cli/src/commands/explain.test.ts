/** Of a pod and a Service; URLs are in `end-to-end.test.ts` and in `render`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CallReport, KernelReport, ServicePortReport } from "@carrick/core/report";
import { EXIT } from "../exit-code.ts";
import { agentAnswering, answering, captured, json } from "../fixture.ts";

const PORT: ServicePortReport = {
  port: "http",
  number: 80,
  protocol: "TCP",
  family: 4,
  addresses: ["10.96.0.10"],
  affinitySeconds: 0,
  partial: false,
  drainIgnored: false,
  groups: [{ cluster: "london", tier: 0, weight: 1, endpoints: 1, drain: false, share: 1 }],
  endpoints: [
    {
      cluster: "london",
      address: "10.11.1.2",
      port: 8080,
      condition: "ready",
      pod: "cart-1",
      node: "n2",
      tier: 0,
      share: 1,
    },
  ],
  moreEndpoints: 0,
};
const POD = { cluster: "london", kind: "Pod", namespace: "shop", name: "web-1", resourceVersion: "7" } as const;
const REPORT: CallReport = {
  client: { cluster: "london", namespace: "shop", pod: "web-1", node: "n1" },
  namespace: "shop",
  service: "cart",
  outcome: "routed",
  steps: [
    { what: "client", says: "Pod shop/web-1 of london.\u001b[2J", because: [POD] },
    { what: "route", says: "From pod to pod in one hop.", because: [] },
  ],
  port: PORT,
};

/** What the kernel of a node has. */
function kernel(node: string, address = "10.11.1.2"): KernelReport {
  const endpoints = [{ address, port: 8080 }];
  const health = { share: 1, drain: 1 };
  const groups = [{ tier: 0, cluster: "london", weight: 1, need: 1, health, endpoints }];
  const image = { uid: 1, generation: 2, affinitySeconds: 0, pick: "random", groups } as const;
  const frontend = { address: "10.96.0.10", port: 80, protocol: "TCP", outcome: "served", image } as const;
  return { cluster: "london", node, frontends: [frontend] };
}

async function explain(report: CallReport, says?: KernelReport) {
  const asked: string[] = [];
  await using controller = await answering((request, response) => {
    asked.push(request.url ?? "");
    json(report)(request, response);
  });
  const args = ["explain", "london:shop/web", "shop/cart", "--controller", controller.url];
  if (says === undefined) return { asked, ...(await captured([...args, "--port", "http"])) };
  await using there = await agentAnswering(json(says));
  return { asked, ...(await captured([...args, "--agent", there.socket])) };
}

test("the decisions with their objects, and the port with its endpoints", async () => {
  const { asked, code, stdout, stderr } = await explain(REPORT);
  assert.deepEqual(asked, ["/v1/call?from=london%3Ashop%2Fweb&service=shop%2Fcart&port=http"]);
  assert.deepEqual([code, stderr], [EXIT.done, ""]);
  assert.deepEqual(stdout.split("\n"), [
    "london:shop/web-1 to Service shop/cart: routed to 1 endpoint",
    "",
    "├─ client: Pod shop/web-1 of london.\\u{1b}[2J",
    "│  └─ london: Pod shop/web-1 (resourceVersion 7)",
    "└─ route: From pod to pod in one hop.",
    "",
    "Port http (TCP) at 10.96.0.10:80",
    "  GROUP   TIER  WEIGHT  ENDPOINTS    SHARE  DRAIN",
    "  london     0       1          1  100.0 %  -",
    "    SHARE  ENDPOINT        CLUSTER  STATE  POD     NODE",
    "  100.0 %  10.11.1.2:8080  london   ready  cart-1  n2",
    "",
  ]);
});

test("beside what the kernel of the pod's node holds, or of another node", async () => {
  const same = await explain(REPORT, kernel("n1"));
  assert.equal(same.code, EXIT.done);
  assert.match(same.stdout, /^ {2}The kernel of london\/n1 \(image 1\.2\): as it is to be\.$/m);
  assert.doesNotMatch(same.stdout, /decided by the kernel there/);
  const differs = await explain(REPORT, kernel("n2", "10.11.1.9"));
  assert.equal(differs.code, EXIT.wrong);
  assert.match(
    differs.stdout.replaceAll(/\s+/g, " "),
    /The pod is on node n1, and its connections are decided by the kernel there\./,
  );
  const other = await explain(REPORT, { ...kernel("n1"), cluster: "paris" });
  assert.deepEqual([other.code, /this is a node of paris/.test(other.stderr)], [EXIT.usage, true]);
});

test("what is not routed has its own exit code, and flags of URLs and of pods do not mix", async () => {
  const { port: _, ...bare } = REPORT;
  for (const [outcome, code, says] of [
    ["refused", EXIT.refused, "refused"],
    ["unknown", EXIT.unknown, "not known yet"],
    ["direct", EXIT.done, "goes without the mesh"],
  ] as const) {
    const ended = await explain({ ...bare, outcome }, kernel("n1"));
    assert.deepEqual([ended.code, ended.stdout.includes(`shop/cart: ${says}`)], [code, true]);
  }
  for (const args of [
    ["https://shop.example/", "--agent", "/a"],
    ["https://shop.example/", "--port", "1"],
    ["shop/web", "shop/cart", "--fleet", "public"],
  ]) {
    assert.equal((await captured(["explain", ...args])).code, EXIT.usage, args.join(" "));
  }
});
