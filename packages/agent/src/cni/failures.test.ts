/** An ADD that fails leaves nothing, an ADD that works is alone: on the real kernel, through the real client. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import {
  addRoute,
  createVeth,
  deleteLink,
  findLink,
  getLink,
  listAddresses,
  listLinks,
  setLinkUp,
} from "../net/index.ts";
import { CniCode, CniError } from "./cni-error.ts";
import { type Bed, buildClient, cniBed, type Ended, environmentOf, type TestPod } from "./fixture.ts";
import { hostLinkName } from "./pod-links.ts";

function codeOf({ code, stdout }: Ended): number {
  assert.equal(code, 1, stdout);
  return (JSON.parse(stdout) as { code: number }).code;
}

function detailsOf({ stdout }: Ended): string {
  return (JSON.parse(stdout) as { details: string }).details;
}

function namesIn(pod: TestPod): string[] {
  using inside = pod.namespace.rtnetlink();
  return listLinks(inside).map(({ name }) => name);
}

test("names that are taken: nothing is made, and what was there stays", async (t) => {
  const bed = await cniBed(t);
  const pod = bed.newPod();
  using inside = pod.namespace.rtnetlink();
  createVeth(inside, { name: "eth0" }, { name: "other" });
  const inPod = await bed.run("ADD", pod);
  assert.deepEqual([codeOf(inPod), bed.leftovers()], [4, []]);
  assert.match(detailsOf(inPod), /CNI_IFNAME is eth0, which the pod has already/);
  assert.deepEqual(namesIn(pod).sort(), ["eth0", "lo", "other"]);
  deleteLink(inside, "eth0");

  // A link of the node that nothing is known of, for a container that was never added.
  const name = hostLinkName(`${pod.containerId}/eth0`);
  createVeth(bed.node.net, { name }, { name: "strange" });
  const onNode = await bed.run("ADD", pod);
  assert.equal(codeOf(onNode), 101);
  assert.match(detailsOf(onNode), new RegExp(`the node has a link ${name} that nothing is known of: delete it`));
  assert.ok(findLink(bed.node.net, "strange") !== undefined, "a link that is not ours was deleted");
  assert.deepEqual(bed.ipam.attachments(), []);
  deleteLink(bed.node.net, name);

  await bed.add(pod);
  const twice = await bed.run("ADD", pod);
  assert.deepEqual([codeOf(twice), bed.ipam.attachments().length], [4, 1]);
  assert.match(detailsOf(twice), /which container [0-9a-f]{64} has already: the runtime must DEL it first/);
  assert.deepEqual(namesIn(pod), ["lo", "eth0"]);
});

test("namespaces that are none, are gone, or are the node's own", async (t) => {
  const bed = await cniBed(t);
  const pod = bed.newPod();
  for (const [CNI_NETNS, details] of [
    ["/run/netns/cr-nobody", /CNI_NETNS: \/run\/netns\/cr-nobody: cannot be opened/],
    ["/proc/self/ns/mnt", /is no network namespace/],
    ["/etc/passwd", /is no network namespace/],
    [bed.node.namespace.path, /which is the node's own/],
  ] as const) {
    const ended = await bed.run("ADD", pod, { env: { CNI_NETNS } });
    assert.equal(codeOf(ended), 4);
    assert.match(detailsOf(ended), details);
  }
  assert.deepEqual(bed.leftovers(), []);
});

test("malformed questions of the real client get the specification's codes in the version that was asked in", async (t) => {
  const bed = await cniBed(t, { cniVersion: "0.4.0" });
  const pod = bed.newPod();
  const ask = async (command: string, config: object, env: NodeJS.ProcessEnv = {}) => {
    const ended = await bed.run(command, pod, { config, env });
    const { cniVersion } = JSON.parse(ended.stdout) as { cniVersion: string };
    return [codeOf(ended), cniVersion];
  };
  assert.deepEqual(await ask("ADD", { cniVersion: "0.3.1" }), [1, "1.1.0"]);
  assert.deepEqual(await ask("ADD", { ipMasq: true }), [2, "0.4.0"]);
  assert.deepEqual(await ask("ADD", {}, { CNI_IFNAME: "eth0/1" }), [4, "0.4.0"]);
  assert.deepEqual(await ask("DEL", {}, { CNI_CONTAINERID: "" }), [4, "0.4.0"]);
  assert.deepEqual(await ask("ADD", { name: "" }), [7, "0.4.0"]);
  assert.deepEqual(await ask("ADD", { mtu: -1 }), [7, "0.4.0"]);
  assert.deepEqual(await ask("GC", {}), [1, "1.1.0"]);
  assert.deepEqual([bed.leftovers(), bed.problems], [[], []]);
});

test("when the rest of the agent refuses, or its step fails, everything is taken back", async (t) => {
  const events: string[] = [];
  let bad = true;
  const bed = await cniBed(t, {
    pods: {
      podAdded: ({ hostLink, addresses }) => {
        events.push(`added ${addresses.join(" ")} ${findLink(bed.node.net, hostLink)?.up}`);
        return bad ? Promise.reject(new Error("no policy for shop/cart; see the controller")) : Promise.resolve();
      },
      podRemoved: ({ hostLink, addresses }) => {
        const stillTaken = bed.leftovers().includes(addresses[0]!);
        events.push(`removed ${addresses.join(" ")} ${findLink(bed.node.net, hostLink)?.up} ${stillTaken}`);
        return Promise.resolve();
      },
    },
  });
  const pod = bed.newPod();
  const refused = await bed.run("ADD", pod);
  assert.deepEqual([codeOf(refused), detailsOf(refused)], [101, "no policy for shop/cart; see the controller"]);
  assert.deepEqual([bed.leftovers(), namesIn(pod)], [[], ["lo"]]);
  assert.deepEqual(events, ["added 10.11.1.2 fd10:1:1::2 true", "removed 10.11.1.2 fd10:1:1::2 undefined true"]);
  assert.deepEqual(bed.problems, ["CNI ADD: no policy for shop/cart; see the controller"]);
  bad = false;
  await bed.add(pod);
  // The kernel refuses a step in the middle: there is a default route already.
  const other = bed.newPod();
  using inside = other.namespace.rtnetlink();
  createVeth(inside, { name: "a" }, { name: "b" });
  setLinkUp(inside, "a");
  addRoute(inside, { destination: "0.0.0.0/0", link: getLink(inside, "a").index });
  const half = await bed.run("ADD", other);
  assert.equal(codeOf(half), 101);
  assert.match(detailsOf(half), /^add route to 0\.0\.0\.0\/0 via 169\.254\.1\.1 on link \d+: .*\(EEXIST\)$/);
  assert.deepEqual(namesIn(other).sort(), ["a", "b", "lo"]);
  assert.equal(bed.leftovers().length, 3);
});

test("a runtime that is gone before the answer gets no interface, and may ask again", async (t) => {
  let added = Promise.withResolvers<AbortSignal>();
  const bed = await cniBed(t, {
    pods: {
      podAdded: (_, signal) => {
        added.resolve(signal);
        return new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        });
      },
    },
  });
  const pod = bed.newPod();
  const start = () => {
    const child = spawn(buildClient(), [], {
      env: { CNI_COMMAND: "ADD", ...environmentOf(pod) },
      stdio: ["pipe", "ignore", "ignore"],
    });
    child.stdin.end(JSON.stringify({ cniVersion: "1.1.0", name: "carrick", agentSocket: bed.server.path }));
    return child;
  };
  for (let i = 0; i < 3; i++) {
    added = Promise.withResolvers();
    const child = start();
    await added.promise;
    assert.deepEqual(bed.leftovers().length, 3);
    child.kill("SIGKILL");
    await once(child, "close");
    // Waits for its turn behind the ADD that is being taken back.
    assert.deepEqual(await bed.run("DEL", pod), { code: 0, stdout: "", stderr: "" });
    assert.deepEqual([bed.leftovers(), namesIn(pod)], [[], ["lo"]]);
  }
  assert.deepEqual(bed.problems, []);
});

test("nothing is made for a runtime that is gone before its turn, and nothing stays when nobody takes the answer", async (t) => {
  const events: string[] = [];
  const gone = new CniError(CniCode.tryLater, "the client of the runtime is gone");
  let during: (() => void) | undefined;
  const bed = await cniBed(t, {
    pods: {
      podAdded: () => {
        events.push("added");
        during?.();
        return Promise.resolve();
      },
      podRemoved: () => Promise.resolve(void events.push("removed")),
    },
  });
  const { namespace, containerId } = bed.newPod();
  const input = JSON.stringify({ cniVersion: "1.1.0", name: "carrick" });
  const question = { command: "ADD", containerId, netns: namespace.path, ifname: "eth0", args: "", input };
  const ask = async (signal: AbortSignal) => {
    const answers: boolean[] = [];
    const deliver = ({ ok }: { readonly ok: boolean }) => Promise.resolve(answers.push(ok) === 0);
    await bed.plugin.answer(question, deliver, signal);
    assert.deepEqual(bed.leftovers(), []);
    return answers;
  };
  assert.deepEqual([await ask(AbortSignal.abort(gone)), events], [[false], []]);
  assert.deepEqual(
    [await ask(new AbortController().signal), events],
    [
      [true, false],
      ["added", "removed"],
    ],
  );
  const controller = new AbortController();
  during = () => controller.abort(gone);
  assert.deepEqual(await ask(controller.signal), [false]);
  assert.deepEqual(events, ["added", "removed", "added", "removed"]);
  assert.deepEqual(bed.problems, []);
});

/** Every pod has exactly the addresses that it was told, or none. */
function assertConsistent(bed: Bed, pods: readonly TestPod[]): void {
  const held = new Map(bed.ipam.attachments().map(({ owner, addresses }) => [owner.containerId, addresses]));
  for (const { namespace, containerId } of pods) {
    using inside = namespace.rtnetlink();
    const there = listAddresses(inside)
      .filter(({ scope }) => scope === "global")
      .map(({ address }) => address.replace(/\/\d+$/, ""));
    assert.deepEqual(there, held.get(containerId) ?? []);
  }
  const links = listLinks(bed.node.net).filter(({ name }) => name !== "lo");
  assert.equal(links.length, held.size);
}

test("dozens are added and deleted at once; each has its own addresses, and nothing is left", async (t) => {
  const bed = await cniBed(t);
  const pods = Array.from({ length: 48 }, () => bed.newPod());
  for (let round = 0; round < 2; round++) {
    const results = await Promise.all(pods.map((pod) => bed.add(pod)));
    const addresses = results.flatMap(({ ips }) => ips.map(({ address }) => address));
    assert.equal(new Set(addresses).size, 96);
    assertConsistent(bed, pods);
    const ended = await Promise.all(pods.map((pod) => bed.run("DEL", pod)));
    assert.ok(ended.every(({ code }) => code === 0));
    assert.deepEqual([bed.leftovers(), bed.problems], [[], []]);
  }
});

test("ADD and DEL of the same container at once never overlap: in the end it is there as a whole or not at all", async (t) => {
  const running = new Set<string>();
  const alone = async ({ owner: { containerId } }: { readonly owner: { readonly containerId: string } }) => {
    assert.ok(!running.has(containerId), "two operations on one container");
    running.add(containerId);
    await new Promise((resolve) => setImmediate(resolve));
    running.delete(containerId);
  };
  const bed = await cniBed(t, { pods: { podAdded: alone, podRemoved: alone } });
  const pods = Array.from({ length: 6 }, () => bed.newPod());
  const commands = ["ADD", "DEL", "ADD", "DEL", "ADD", "ADD"];
  const ended = await Promise.all(pods.flatMap((pod) => commands.map((command) => bed.run(command, pod))));
  for (const end of ended) if (end.code !== 0) assert.equal(codeOf(end), 4, end.stdout);
  assertConsistent(bed, pods);
  assert.deepEqual(bed.problems, []);
  await Promise.all(pods.map((pod) => bed.run("DEL", pod)));
  assert.deepEqual(bed.leftovers(), []);
});

test("more pods than addresses: those that fit are added, the others are told which CIDR is full", async (t) => {
  const bed = await cniBed(t, { podCidrs: ["10.11.1.0/29", "fd10:1:1::/64"] });
  const pods = Array.from({ length: 12 }, () => bed.newPod());
  const ended = await Promise.all(pods.map((pod) => bed.run("ADD", pod)));
  const refused = ended.filter(({ code }) => code !== 0);
  assert.equal(refused.length, 7);
  for (const end of refused) {
    assert.equal(codeOf(end), 11);
    assert.match(detailsOf(end), /pod CIDR 10\.11\.1\.0\/29 has no free address \(all 5 are given\)/);
  }
  assertConsistent(bed, pods);
  assert.deepEqual(bed.problems, []);
});
