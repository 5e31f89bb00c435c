/** The agent as a process, with a controller: what it says when something is wrong, and what it does all the same. */
import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createAuthority, nodeName } from "../../packages/lab/src/trust/index.ts";
import { parseMetrics } from "../../packages/lab/src/demo/metrics.ts";
import { DOMAIN } from "../e2e/replica.ts";
import { type AgentBed, openAgentBed } from "./agent-bed.ts";
import { type MeshBed, openMesh } from "./bed.ts";

let mesh: MeshBed;

before(async () => {
  mesh = await openMesh(["london"]);
});
after(() => mesh?.[Symbol.asyncDispose]());

function open(): Promise<AgentBed> {
  return openAgentBed(mesh.authority, [mesh.clusters["london"]!.controller.xdsPort]);
}

async function says(agent: AgentBed, sentence: RegExp, times = 1): Promise<void> {
  await mesh.until(
    `the agent says ${times} times ${sentence}`,
    () => agent.logged().filter((line) => sentence.test(line)).length >= times,
  );
}

/** The sum over all labels, or over those of a reason. */
async function metric(agent: AgentBed, name: string, reason?: string): Promise<number> {
  return parseMetrics(await agent.get("/metrics"), name)
    .filter(({ labels }) => reason === undefined || labels["reason"] === reason)
    .reduce((sum, { value }) => sum + value, 0);
}

test("it mounts the file system of pins where nobody has, follows its controller, and is ready", async () => {
  await using agent = await open();
  // In a mount namespace that ends with the agent; of the machine's own nothing is seen.
  const unmounted = ["unshare", "--mount", "sh", "-ec", 'umount --all --types bpf\nexec "$0" "$@"'];
  const program = await agent.start(agent.configure(), unmounted);
  await says(agent, /^follows a controller$/);
  await mesh.until("it is ready", async () => (await agent.get("/readyz")) === "ok\n");
  assert.deepEqual(readdirSync("/sys/fs/bpf").includes(agent.pins.split("/").at(-1)!), false);
  assert.equal((await program.stop()).code, 0);
});

test("a second agent of the node ends with one sentence, and the first one serves on", async () => {
  await using agent = await open();
  const config = agent.configure();
  await agent.start(config);
  assert.deepEqual(await agent.run(config), {
    code: 1,
    said: [
      `carrick agent: ${agent.folder}/run/writer.lock: another agent of this node holds it and writes the service map; stop that one first`,
    ],
  });
  assert.equal(await agent.get("/healthz"), "ok\n");
});

test("what it has in the kernel stays when it is stopped, and the next one takes it over", async () => {
  await using agent = await open();
  const config = agent.configure();
  const first = await agent.start(config);
  assert.equal((await first.stop()).code, 0);
  const links = join(agent.pins, "services", "links");
  assert.equal(readdirSync(links).length, 8);
  await agent.start(config);
  assert.equal(readdirSync(links).length, 8);
  assert.ok(!agent.logged().some((line) => line.includes("not in force")));
});

test("a port for metrics that is taken is named, and nothing is left locked", async () => {
  await using agent = await open();
  const config = agent.configure();
  const first = await agent.start(config);
  const { code, said } = await agent.run(
    agent.configure({ runDir: "other", bpf: { folder: join(agent.pins, "other"), cgroup: agent.cgroup } }),
  );
  assert.equal(code, 1);
  const sentence =
    /^carrick agent: metrics: cannot listen on 127\.0\.0\.1 port \d+ \(.*EADDRINUSE.*; choose an address of this machine and a free port$/;
  assert.equal(said.filter((line) => sentence.test(line)).length, 1, said.join("\n"));
  assert.equal((await first.stop()).code, 0);
});

for (const [what, issue, sentence] of [
  [
    "of another authority",
    async (agent: AgentBed) => agent.certify(await createAuthority("other"), nodeName(DOMAIN, "london", "n1")),
    /^lost the controller: UNAVAILABLE: .*; it may refuse the certificate shown here, which its log says$/,
  ],
  [
    "of another cluster's node",
    (agent: AgentBed) => agent.certify(mesh.authority, nodeName(DOMAIN, "paris", "n1")),
    /^lost the controller: .*is no node of london/,
  ],
  [
    "of another trust domain",
    (agent: AgentBed) => agent.certify(mesh.authority, nodeName("other.local", "london", "n1")),
    /^lost the controller: .*other\.local/,
  ],
] as const) {
  test(`with a certificate ${what} it says why, tries on, and connects when it has a right one`, async () => {
    await using agent = await open();
    await issue(agent);
    await agent.start(agent.configure());
    await says(agent, sentence, 2);
    assert.match(await agent.get("/readyz"), /^the agent has not heard everything of its cluster london yet/);
    assert.equal(await metric(agent, "carrick_agent_in_step"), 0);
    await agent.certify(mesh.authority, nodeName(DOMAIN, "london", "n1"));
    await says(agent, /^follows a controller$/);
    await mesh.until("it is ready", async () => (await agent.get("/readyz")) === "ok\n");
  });
}

test("an authority that is not the controller's is said, and tried again", async () => {
  await using agent = await open();
  const right = mesh.authority.certPem;
  writeFileSync(join(agent.folder, "ca.pem"), (await createAuthority("other")).certPem);
  await agent.start(agent.configure());
  await says(agent, /^lost the controller: UNAVAILABLE: .* is not from the authority in use here/, 2);
  writeFileSync(join(agent.folder, "ca.pem"), right);
  await says(agent, /^follows a controller$/);
});

test("of more Services than there is room for, those that fit are served, the others are named with the limit", async () => {
  await using agent = await open();
  const cluster = mesh.clusters["london"]!;
  for (let i = 0; i < 18; i++) cluster.share(`many-${i}`, [`10.11.7.${i}`]);
  await agent.start(agent.configure({ bpf: { folder: agent.pins, cgroup: agent.cgroup, services: 16 } }));
  await mesh.until("all are told", async () => (await metric(agent, "carrick_agent_images")) >= 18);
  const images = await metric(agent, "carrick_agent_images");
  await mesh.until("what is too much is counted", async () => {
    return (await metric(agent, "carrick_agent_conditions", "Full")) === images - 15;
  });
  await says(
    agent,
    /^shop\/many-\d+:http\/TCP\/4: is not in the service map, since its map heads is full with 15 entries; raise that limit$/,
    images - 15,
  );
  await mesh.until("it is ready", async () => (await agent.get("/readyz")) === "ok\n");
});
