import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test, type TestContext } from "node:test";
import { Bed, POD_OBJECT } from "./bpf/fixture.ts";
import { addressBytes, type BpfObject, PodPrograms } from "./bpf/index.ts";
import { decode } from "./bpf/layout/codec.ts";
import { Pod } from "./bpf/layout/generated.ts";
import type { PodAttachment } from "./cni/index.ts";
import { createVeth, deleteLink, getLink, type Rtnetlink, withinNamespace } from "./net/index.ts";
import { testNamespace } from "./net/namespace/fixture.ts";
import { GuardedPods } from "./pods.ts";

/** So few that a test can fill the map. */
const MOST_PODS = 2;

let bed: Bed;
let object: BpfObject;

before(() => {
  bed = new Bed();
  object = bed.load(POD_OBJECT, { pods: MOST_PODS });
});
after(() => bed[Symbol.asyncDispose]());

/** A node's network namespace, and an agent's pods in it. Programs are attached to links of the thread's namespace. */
class TestNode {
  readonly net: Rtnetlink;
  readonly problems: string[] = [];
  readonly #namespace: number;
  #pods: GuardedPods;

  constructor(t: TestContext) {
    const namespace = testNamespace(t);
    this.net = namespace.rtnetlink();
    this.#namespace = namespace.fd;
    this.#pods = this.#start();
    t.after(() => {
      const programs = new PodPrograms(object, bed.folder);
      for (const index of programs.guarded()) programs.release(index);
      this.net.close();
    });
  }

  /** The index of a new link of a pod, on the node's side. */
  link(name: string): number {
    createVeth(this.net, { name }, { name: `${name}p` });
    return getLink(this.net, name).index;
  }

  add(pod: PodAttachment): Promise<void> {
    return this.#visit(() => this.#pods.podAdded(pod));
  }

  remove(pod: PodAttachment): Promise<void> {
    return this.#visit(() => this.#pods.podRemoved(pod));
  }

  /** Another agent, which is told of these pods at its start. */
  restart(...pods: readonly PodAttachment[]): void {
    this.#pods = this.#start();
    withinNamespace(this.#namespace, () => this.#pods.restore(pods, (sentence) => this.problems.push(sentence)));
  }

  /** What is done to the kernel is done before it returns. */
  #visit(act: () => Promise<void>): Promise<void> {
    let done = Promise.resolve();
    withinNamespace(this.#namespace, () => {
      done = act();
    });
    return done;
  }

  #start(): GuardedPods {
    const programs = new PodPrograms(object, bed.folder);
    return new GuardedPods({ programs, net: this.net, unready: () => "not yet" });
  }
}

function attachment(hostLink: string, ...addresses: readonly string[]): PodAttachment {
  const owner = { network: "carrick", containerId: `c-${hostLink}`, ifname: "eth0", netns: "/run/netns/x" };
  return { owner, answered: true, addresses, hostLink, podMac: "02:00:0a:0b:01:07" };
}

function keyOf(index: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(index).buffer);
}

/** What the kernel knows of an interface: its pod's addresses, whether traffic is counted, and its programs. */
function guarded(index: number) {
  const row = object.map("pods").lookup(keyOf(index));
  const pins = readdirSync(join(bed.folder, "links")).filter((name) => name.endsWith(`-${index}`));
  const counted = object.map("pod_traffic").lookup(keyOf(index)) !== undefined;
  return { pod: row && decode(Pod, row), counted, pins: pins.sort() };
}

const NOTHING = { pod: undefined, counted: false, pins: [] };

for (const [what, addresses] of [
  ["IPv4 and IPv6", ["10.11.1.5", "fd10:1:1::5"]],
  ["IPv6 first", ["fd10:1:1::5", "10.11.1.5"]],
  ["IPv4 alone", ["10.11.1.5"]],
  ["IPv6 alone", ["fd10:1:1::5"]],
] as const) {
  test(`a pod's link gets its programs and its own addresses (${what}), and loses them with the pod`, async (t) => {
    const node = new TestNode(t);
    const index = node.link("cr1");
    const pod = attachment("cr1", ...addresses);
    await node.add(pod);
    const none = new Uint8Array(16);
    const of = (family: string) => addresses.find((address) => address.includes(":") === (family === "6"));
    const [ipv4, ipv6] = [of("4"), of("6")];
    assert.deepEqual(guarded(index), {
      pod: {
        ipv4: (ipv4 === undefined ? none : addressBytes(ipv4)).subarray(12),
        ipv6: ipv6 === undefined ? none : addressBytes(ipv6),
        mac: Uint8Array.of(2, 0, 0x0a, 0x0b, 1, 7),
      },
      counted: true,
      pins: [`from_pod-${index}`, `to_pod-${index}`],
    });
    await node.remove(pod);
    assert.deepEqual(guarded(index), NOTHING);
    await node.remove(pod);
  });
}

test("a pod whose link is not there is refused with its name; one that was never added is removed without harm", async (t) => {
  const node = new TestNode(t);
  await assert.rejects(node.add(attachment("cr-none", "10.11.1.5")), /there is no link cr-none/);
  await node.remove(attachment("cr-none", "10.11.1.5"));
});

test("a link that is gone before its pod is removed leaves nothing", async (t) => {
  const node = new TestNode(t);
  const index = node.link("cr1");
  const pod = attachment("cr1", "10.11.1.5");
  await node.add(pod);
  deleteLink(node.net, "cr1");
  await node.remove(pod);
  assert.deepEqual(guarded(index), NOTHING);
});

test("a pod for which the map has no room is refused, and its removal takes away what was half done", async (t) => {
  const node = new TestNode(t);
  for (let i = 0; i < MOST_PODS; i++) {
    node.link(`cr${i}`);
    await node.add(attachment(`cr${i}`, `10.11.1.${i}`));
  }
  const index = node.link("cr-more");
  const pod = attachment("cr-more", "10.11.1.9");
  await assert.rejects(node.add(pod), /pods/);
  await node.remove(pod);
  assert.deepEqual(guarded(index), NOTHING);
  await node.remove(attachment("cr0", "10.11.1.0"));
  await node.add(pod);
  assert.equal(guarded(index).pins.length, 2);
});

test("a new agent guards the pods that are there, forgets links that are gone, and names a pod without a link", async (t) => {
  const node = new TestNode(t);
  const [kept, gone] = [node.link("cr1"), node.link("cr2")];
  const [one, two] = [attachment("cr1", "10.11.1.5"), attachment("cr2", "10.11.1.6")];
  await node.add(one);
  await node.add(two);
  deleteLink(node.net, "cr2");
  node.restart(attachment("cr-none", "10.11.1.7"), attachment("cr1", "10.11.1.8"));
  assert.deepEqual(guarded(gone), NOTHING);
  assert.deepEqual(guarded(kept).pod?.ipv4, addressBytes("10.11.1.8").subarray(12));
  assert.deepEqual(node.problems, [
    "cr-none of pod c-cr-none keeps the programs that it has: there is no link cr-none",
  ]);
  // It knows them as its own.
  await node.remove(one);
  assert.deepEqual(guarded(kept), NOTHING);
});

test("why no pod can be added is passed on", () => {
  const programs = new PodPrograms(object, bed.folder);
  const net = {} as Rtnetlink;
  assert.equal(new GuardedPods({ programs, net, unready: () => "not yet" }).unready(), "not yet");
});
