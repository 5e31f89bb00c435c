import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { after, before, test } from "node:test";
import type { Condition, ServiceMaps } from "./bpf/index.ts";
import { serviceOf, sliceOf } from "./mesh/fixture.ts";
import { NodeTables } from "./mesh/node-tables.ts";
import { ProbeError, startProbes } from "./probes.ts";

const HOST = "127.0.0.1";

const tables = new NodeTables("london", { allowLoopback: false });
const following = { inStep: false };
const conditions = new Map<string, Condition>();
let unready: string | undefined;
let picked = 3n;

let port: number;
let probes: Awaited<ReturnType<typeof startProbes>>;

before(async () => {
  const server = createServer().listen(0, HOST);
  await once(server, "listening");
  ({ port } = server.address() as AddressInfo);
  server.close();
  await once(server, "close");
  probes = await start();
});
after(() => probes.close());

function start(): ReturnType<typeof startProbes> {
  return startProbes({
    listen: { address: HOST, port },
    version: "1.2.3",
    tables,
    following,
    conditions: () => conditions,
    counters: () => ({ picked, torn: 0n }) as ReturnType<ServiceMaps["counters"]>,
    unready: () => unready,
  });
}

async function ask(path: string, method = "GET"): Promise<{ status: number; text: string; type: string | null }> {
  const response = await fetch(`http://${HOST}:${port}${path}`, { method });
  return { status: response.status, text: await response.text(), type: response.headers.get("content-type") };
}

/** Of Carrick's own metrics, `name{labels} value`. */
async function metrics(): Promise<string[]> {
  const { text } = await ask("/metrics");
  return text.split("\n").filter((line) => line.startsWith("carrick_"));
}

test("it lives; it is ready, or says why not; with parameters too", async () => {
  assert.deepEqual(await ask("/healthz"), { status: 200, text: "ok\n", type: "text/plain; charset=utf-8" });
  assert.partialDeepStrictEqual(await ask("/readyz?verbose"), { status: 200, text: "ok\n" });
  unready = "the agent has not heard everything yet";
  assert.partialDeepStrictEqual(await ask("/readyz"), { status: 503, text: `${unready}\n` });
  assert.equal((await ask("/healthz")).status, 200);
});

test("other paths are named, other methods are refused", async () => {
  assert.partialDeepStrictEqual(await ask("/"), { status: 404, text: "/metrics, /healthz, /readyz\n" });
  assert.partialDeepStrictEqual(await ask("/metrics", "POST"), { status: 405, text: "only GET\n" });
});

test("metrics say what is so when they are asked", async () => {
  assert.match((await ask("/metrics")).type ?? "", /^text\/plain; version=0\.0\.4/);
  assert.deepEqual(await metrics(), [
    'carrick_agent_build_info{version="1.2.3"} 1',
    "carrick_agent_in_step 0",
    "carrick_agent_frontends 0",
    "carrick_agent_images 0",
    'carrick_agent_socket_events_total{kind="picked"} 3',
    'carrick_agent_socket_events_total{kind="torn"} 0',
  ]);
  tables.take(serviceOf("london", { addresses: ["10.96.0.1", "fd96::1"] }));
  tables.take(sliceOf("london", ["10.11.1.1"]));
  following.inStep = true;
  picked = 5n;
  for (const [key, reason] of [
    ["a", "Full"],
    ["b", "Full"],
    ["c", "Invalid"],
  ] as const)
    conditions.set(key, { reason, message: key });
  assert.deepEqual(await metrics(), [
    'carrick_agent_build_info{version="1.2.3"} 1',
    "carrick_agent_in_step 1",
    "carrick_agent_frontends 4",
    "carrick_agent_images 2",
    'carrick_agent_conditions{reason="Full"} 2',
    'carrick_agent_conditions{reason="Invalid"} 1',
    'carrick_agent_socket_events_total{kind="picked"} 5',
    'carrick_agent_socket_events_total{kind="torn"} 0',
  ]);
  conditions.delete("c");
  assert.ok(!(await metrics()).some((line) => line.includes("Invalid")), "what is over is not said any more");
});

test("an address that is taken is named with the fix", async () => {
  await assert.rejects(start(), (error) => {
    assert.ok(error instanceof ProbeError);
    assert.match(
      error.message,
      /^metrics: cannot listen on 127\.0\.0\.1 port \d+ \(listen EADDRINUSE.*\); choose an address of this machine and a free port$/,
    );
    return true;
  });
});
