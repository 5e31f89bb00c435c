/** An agent that is killed between any two steps of ADD and DEL: what it left is found and taken back. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { listLinks } from "../net/index.ts";
import { type Bed, cniBed, type Ended, type TestPod } from "./fixture.ts";

/**
 * An agent that kills itself before its step number `STEPS`: a step is a change of the kernel's network, or of the files
 * of given addresses.
 */
const AGENT = `
  const at = (path) => import(new URL(path, ${JSON.stringify(import.meta.url)}));
  const { Ipam } = await at("../ipam/index.ts");
  const { LeaseFolder } = await at("../ipam/lease-folder.ts");
  const { openNamespace, Rtnetlink } = await at("../net/index.ts");
  const { CniPlugin, startCniServer } = await at("./index.ts");
  let left = Number(process.env.STEPS);
  const counted = (prototype, name) => {
    const method = prototype[name];
    prototype[name] = function (...given) {
      if (left-- === 0) process.kill(process.pid, "SIGKILL");
      return method.apply(this, given);
    };
  };
  counted(Rtnetlink.prototype, "request");
  for (const name of ["create", "replace", "remove", "setLast"]) counted(LeaseFolder.prototype, name);
  const namespace = openNamespace(process.env.NODE_NS);
  const node = { namespace, net: namespace.rtnetlink(), addresses: [] };
  const ipam = new Ipam({ folder: process.env.IPAM, podCidrs: process.env.CIDRS.split(" ") });
  const nothing = () => Promise.resolve();
  const pods = { unready: () => undefined, podAdded: nothing, podRemoved: nothing };
  const onProblem = (problem) => console.error(problem);
  const plugin = new CniPlugin({ ipam, node, pods, mtu: 1450, onProblem });
  await startCniServer({ path: process.env.SOCKET, answer: plugin.answer.bind(plugin), onProblem });
  console.log("ready");`;

interface Mortal {
  readonly child: ChildProcess;
  readonly socket: string;
}

async function mortalAgent(t: TestContext, bed: Bed, steps: number): Promise<Mortal> {
  const socket = join(bed.folder, "mortal.sock");
  const env = {
    ...process.env,
    STEPS: `${steps}`,
    SOCKET: socket,
    NODE_NS: bed.node.namespace.path,
    IPAM: join(bed.folder, "ipam"),
    CIDRS: bed.podCidrs.join(" "),
  };
  const child = spawn(process.execPath, ["--conditions=source", "--input-type=module", "-e", AGENT], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return { child, socket };
}

/** Whether the agent has lived through all its steps; it is gone afterwards. */
async function survived(bed: Bed, { child, socket }: Mortal): Promise<boolean> {
  const alive = (await bed.run("STATUS", undefined, { config: { agentSocket: socket } })).code === 0;
  if (alive) child.kill("SIGKILL");
  if (child.exitCode === null && child.signalCode === null) await once(child, "close");
  return alive;
}

function assertGone(bed: Bed, pod: TestPod): void {
  using inside = pod.namespace.rtnetlink();
  assert.deepEqual([bed.leftovers(), listLinks(inside).map(({ name }) => name)], [[], ["lo"]]);
}

const QUIET: Ended = { code: 0, stdout: "", stderr: "" };

/** What a runtime may do when the agent is back. */
const RECOVERIES: Readonly<Record<string, (bed: Bed, pod: TestPod) => Promise<void>>> = {
  "ADD again": async (bed, pod) => {
    const prevResult = await bed.add(pod);
    assert.deepEqual(await bed.run("CHECK", pod, { config: { prevResult } }), QUIET);
    assert.equal(bed.leftovers().length, 3);
    assert.deepEqual(await bed.run("DEL", pod), QUIET);
  },
  DEL: async (bed, pod) => {
    assert.deepEqual(await bed.run("DEL", pod), QUIET);
    assert.deepEqual(await bed.run("DEL", pod), QUIET);
  },
  GC: async (bed) => {
    assert.deepEqual(await bed.run("GC", undefined, { config: { "cni.dev/valid-attachments": [] } }), QUIET);
  },
};

for (const [what, recover] of Object.entries(RECOVERIES)) {
  test(`killed before any step of ADD, then ${what}: nothing is left`, async (t) => {
    const bed = await cniBed(t);
    const pod = bed.newPod();
    let steps = 0;
    for (let lived = false; !lived; steps++) {
      const mortal = await mortalAgent(t, bed, steps);
      const ended = await bed.run("ADD", pod, { config: { agentSocket: mortal.socket } });
      lived = await survived(bed, mortal);
      await bed.restart();
      if (ended.code === 0) {
        // The runtime was told, so it is there, whether or not the agent could write down that it was told.
        const prevResult = JSON.parse(ended.stdout) as object;
        assert.deepEqual(await bed.run("CHECK", pod, { config: { prevResult } }), QUIET);
        assert.deepEqual(await bed.run("DEL", pod), QUIET);
      } else {
        assert.equal((JSON.parse(ended.stdout) as { code: number }).code, 11);
        await recover(bed, pod);
      }
      assertGone(bed, pod);
    }
    // Fewer would mean that steps are not counted any more.
    assert.ok(steps > 18, `${steps} steps`);
    assert.deepEqual(bed.problems, []);
  });
}

for (const what of ["DEL", "GC"]) {
  test(`killed before any step of DEL, then ${what}: nothing is left`, async (t) => {
    const bed = await cniBed(t);
    const pod = bed.newPod();
    let steps = 0;
    for (let lived = false; !lived; steps++) {
      await bed.add(pod);
      const mortal = await mortalAgent(t, bed, steps);
      const ended = await bed.run("DEL", pod, { config: { agentSocket: mortal.socket } });
      lived = await survived(bed, mortal);
      await bed.restart();
      assert.equal(ended.code, lived ? 0 : 1);
      if (!lived) await RECOVERIES[what]!(bed, pod);
      assertGone(bed, pod);
    }
    assert.ok(steps > 4, `${steps} steps`);
    assert.deepEqual(bed.problems, []);
  });
}
