import assert from "node:assert/strict";
import { test } from "node:test";
import type { KernelFrontend, KernelReport, ServicePortReport, ServiceReport } from "@carrick/core/report";
import { EXIT } from "../exit-code.ts";
import { agentAnswering, answering, captured, json } from "../fixture.ts";

const SHARING = { shared: true, affinity: "none" } as const;
const PORT: ServicePortReport = {
  port: "http",
  number: 80,
  protocol: "TCP",
  family: 4,
  addresses: ["10.96.0.10"],
  affinitySeconds: 0,
  partial: false,
  drainIgnored: false,
  groups: [
    { cluster: "london", tier: 0, weight: 1, endpoints: 1, drain: false, share: 1 },
    { cluster: "paris", tier: 0, weight: 1, endpoints: 1, drain: true, share: 0 },
  ],
  endpoints: [
    {
      cluster: "london",
      address: "10.11.1.2",
      port: 8080,
      condition: "ready",
      pod: "cart-1",
      node: "n1",
      tier: 0,
      share: 1,
    },
    {
      cluster: "paris",
      address: "10.12.1.2",
      port: 8080,
      condition: "ready",
      pod: "cart\u001b[2J",
      node: "",
      tier: 0,
      share: 0,
    },
    { cluster: "paris", address: "10.12.1.3", port: 8080, condition: "notReady", pod: "", node: "", share: 0 },
  ],
  moreEndpoints: 0,
};
const REPORT: ServiceReport = {
  namespace: "shop",
  name: "cart",
  here: "london",
  clusters: [
    {
      cluster: "london",
      known: true,
      drain: false,
      weight: 1,
      member: true,
      service: { resourceVersion: "7", type: "ClusterIP", addresses: ["10.96.0.10"], sharing: SHARING },
    },
    {
      cluster: "paris",
      known: true,
      drain: true,
      weight: 1,
      member: true,
      service: { resourceVersion: "9", type: "ClusterIP", addresses: ["10.97.0.10"], sharing: SHARING },
    },
    { cluster: "rome", known: false, drain: false, weight: 1, member: false },
  ],
  ports: [PORT],
};

/** What the kernel has: as it is to be, unless said otherwise. */
function kernel(change: Partial<KernelFrontend> = {}, paris: readonly string[] = ["10.12.1.2"]): KernelReport {
  const group = (cluster: string, drain: number, addresses: readonly string[]) => ({
    tier: 0,
    cluster,
    weight: addresses.length,
    need: 1,
    health: { share: 1, drain },
    endpoints: addresses.map((address) => ({ address, port: 8080 })),
  });
  const groups = [group("london", 1, ["10.11.1.2"]), group("paris", 0, paris)];
  const image = { uid: 3, generation: 7, affinitySeconds: 0, pick: "random", groups } as const;
  const frontend = { address: "10.96.0.10", port: 80, protocol: "TCP", outcome: "served", image, ...change } as const;
  return { cluster: "london", node: "n1", frontends: [frontend] };
}

async function run(says: KernelReport | undefined, report: ServiceReport = REPORT) {
  await using controller = await answering(json(report));
  const args = ["service", "shop/cart", "--controller", controller.url];
  if (says === undefined) return await captured(args);
  await using there = await agentAnswering(json(says));
  return await captured([...args, "--agent", there.socket]);
}

test("what is to be served: clusters, groups with their shares, endpoints with their states", async () => {
  const { code, stdout, stderr } = await run(undefined);
  assert.deepEqual([code, stderr], [EXIT.done, ""]);
  assert.deepEqual(stdout.split("\n"), [
    "Service shop/cart, as nodes of london serve it",
    "",
    "CLUSTER  SERVICE    ADDRESSES   SHARED  PREFERS  DRAIN    WEIGHT  USED",
    "london   ClusterIP  10.96.0.10  yes     none     -             1  yes",
    "paris    ClusterIP  10.97.0.10  yes     none     drained       1  yes",
    "rome     unknown    -           -       -        -             1  no",
    "",
    "Port http (TCP) at 10.96.0.10:80",
    "  GROUP   TIER  WEIGHT  ENDPOINTS    SHARE  DRAIN",
    "  london     0       1          1  100.0 %  -",
    "  paris      0       1          1    0.0 %  drained",
    "    SHARE  ENDPOINT        CLUSTER  STATE      POD            NODE",
    "  100.0 %  10.11.1.2:8080  london   ready      cart-1         n1",
    "    0.0 %  10.12.1.2:8080  paris    ready      cart\\u{1b}[2J  -",
    "    0.0 %  10.12.1.3:8080  paris    not ready  -              -",
    "",
  ]);
});

test("beside it what the kernel holds: the same is well, anything else is told and exits 1", async () => {
  const same = await run(kernel());
  assert.equal(same.code, EXIT.done);
  assert.match(same.stdout, /^ {2}The kernel of london\/n1 \(image 3\.7\): as it is to be\.$/m);
  const other = await run(kernel({}, ["10.12.1.9"]));
  assert.equal(other.code, EXIT.wrong);
  assert.match(other.stdout, /10\.12\.1\.2:8080 {2}paris .* missing$/m);
  assert.match(other.stdout, /- {2}10\.12\.1\.9:8080 {2}paris .* only there$/m);
  assert.match(other.stdout, /it lacks 1 of 2 endpoints; it has 1 that\n {2}is not to be\./);
  const { image: _, ...bare } = kernel().frontends[0]!;
  const refused = await run({ ...kernel(), frontends: [{ ...bare, outcome: "refused" }] });
  assert.equal(refused.code, EXIT.wrong);
  assert.match(refused.stdout, /The kernel of london\/n1: it refuses 10\.96\.0\.10 port 80; it lacks 2 of/);
  const drains = {
    ...REPORT,
    ports: [{ ...PORT, groups: [{ ...PORT.groups[0]!, drain: true, tier: 1 }, PORT.groups[1]!] }],
  };
  const early = await run(kernel(), drains);
  assert.match(early.stdout.replaceAll(/\s+/g, " "), /it has london in tier 0, not 1; it has london in service\./);
});

test("an agent of another cluster, none, and what is no agent", async () => {
  const wrong = await run({ ...kernel(), cluster: "paris" });
  assert.equal(wrong.code, EXIT.usage);
  assert.match(
    wrong.stderr,
    /this is a node of paris, and the controller told of nodes of london; add --cluster paris/,
  );
  await using controller = await answering(json(REPORT));
  const ask = (socket: string) => captured(["service", "shop/cart", "--controller", controller.url, "--agent", socket]);
  const none = await ask("/nowhere/inspect.sock");
  assert.deepEqual([none.code, /there is no such socket/.test(none.stderr)], [EXIT.unanswered, true]);
  for (const [listener, code, says] of [
    [json("<html>"), EXIT.unanswered, /no agent of Carrick/],
    [json({ cluster: "london" }), EXIT.unanswered, /cannot be read/],
    [json({ error: "slot 7 leads to no image" }, 500), EXIT.wrong, /slot 7 leads to no image/],
  ] as const) {
    await using there = await agentAnswering(listener);
    const { code: ended, stderr } = await ask(there.socket);
    assert.equal(ended, code);
    assert.match(stderr, says);
  }
});

test("a Service that no cluster has, and one without an address here", async () => {
  await using nobody = await answering(json({ error: "no cluster has a Service shop/cart" }, 404));
  const refused = await captured(["service", "shop/cart", "--controller", nobody.url]);
  assert.deepEqual([refused.code, refused.stderr], [EXIT.usage, "carrick: no cluster has a Service shop/cart\n"]);
  const { code, stdout } = await run(kernel(), { ...REPORT, ports: [] });
  assert.equal(code, EXIT.done);
  assert.match(stdout, /^london has no address for it: its nodes do not serve it$/m);
});
