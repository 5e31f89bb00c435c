import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Bed, POD_OBJECT } from "./fixture.ts";
import { addressBytes, type BpfObject } from "./index.ts";
import { runOnFrame } from "./kernel/test-run.ts";
import { encode } from "./layout/codec.ts";
import { Pod } from "./layout/generated.ts";
import { PodPrograms } from "./pod-programs.ts";

/** Loopback: a frame that is run through a program has to come by an interface that exists. */
const INTERFACE = 1;
const PASS = 0xffff_ffff;
const DROP = 2;
const KEY = new Uint8Array(Uint32Array.of(INTERFACE).buffer);

const MAC = [2, 0, 0, 0, 0, 1];
const OTHER_MAC = [2, 0, 0, 0, 0, 2];
const IP = "10.11.1.5";
const IP6 = "fd10:1:1::5";

let bed: Bed;
let object: BpfObject;

before(() => {
  bed = new Bed();
  object = bed.load(POD_OBJECT);
  const pod = { ipv4: addressBytes(IP).subarray(12), ipv6: addressBytes(IP6), mac: Uint8Array.from(MAC) };
  object.map("pods").update(KEY, encode(Pod, pod));
  const traffic = object.map("pod_traffic");
  traffic.update(KEY, new Uint8Array(traffic.valueBytes));
});
after(() => bed[Symbol.asyncDispose]());

function frame(type: number, payload: readonly number[], from: readonly number[] = MAC): Uint8Array {
  const bytes = [2, 0, 0, 0, 0, 0xff, ...from, type >> 8, type & 0xff, ...payload];
  return Uint8Array.from([...bytes, ...Array.from({ length: Math.max(0, 64 - bytes.length) }, () => 0)]);
}

/** RFC 791, without payload. */
function ipv4(source: string, from?: readonly number[]): Uint8Array {
  const header = [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 17, 0, 0];
  return frame(0x0800, [...header, ...addressBytes(source).subarray(12), 10, 96, 0, 1], from);
}

/** RFC 8200, with the next header and its bytes. */
function ipv6(source: string, target: string, next = 17, payload: readonly number[] = []): Uint8Array {
  const header = [0x60, 0, 0, 0, 0, payload.length, next, 255];
  return frame(0x86dd, [...header, ...addressBytes(source), ...addressBytes(target), ...payload]);
}

/** RFC 4861: type, and for neighbour messages the target. */
function neighbour(type: number, target: string, source = IP6): Uint8Array {
  return ipv6(source, "ff02::1", 58, [type, 0, 0, 0, 0, 0, 0, 0, ...addressBytes(target)]);
}

/** RFC 826. */
function arp(senderMac: readonly number[], senderIp: string, hardware = 1): Uint8Array {
  const sender = [...senderMac, ...addressBytes(senderIp).subarray(12)];
  return frame(0x0806, [0, hardware, 8, 0, 6, 4, 0, 1, ...sender, 0, 0, 0, 0, 0, 0, 169, 254, 1, 1]);
}

const FRAMES: [name: string, frame: () => Uint8Array, verdict: number][] = [
  ["IPv4 from its address", () => ipv4(IP), PASS],
  ["IPv4 from another's address", () => ipv4("10.11.1.6"), DROP],
  ["IPv4 from no address (DHCP)", () => ipv4("0.0.0.0"), DROP],
  ["IPv4 from another's MAC address", () => ipv4(IP, OTHER_MAC), DROP],
  ["IPv6 from its address", () => ipv6(IP6, "fd96::1"), PASS],
  ["IPv6 from another's address", () => ipv6("fd10:1:1::6", "fd96::1"), DROP],
  ["IPv6 from a link-local address on the link", () => ipv6("fe80::1", "fe80::2"), PASS],
  ["IPv6 from a link-local address beyond the link", () => ipv6("fe80::1", "fd96::1"), DROP],
  ["IPv6 from no address to a group (duplicate detection)", () => neighbour(135, IP6, "::"), PASS],
  ["IPv6 from no address beyond the link", () => ipv6("::", "fd96::1"), DROP],
  ["neighbour solicitation for another", () => neighbour(135, "fe80::1"), PASS],
  ["neighbour advertisement of its address", () => neighbour(136, IP6), PASS],
  ["neighbour advertisement of another's address", () => neighbour(136, "fd10:1:1::6"), DROP],
  ["router advertisement", () => neighbour(134, "::"), DROP],
  ["redirect", () => neighbour(137, IP6), DROP],
  ["ARP from its addresses", () => arp(MAC, IP), PASS],
  ["ARP probe, without an address", () => arp(MAC, "0.0.0.0"), PASS],
  ["ARP with another's address", () => arp(MAC, "10.11.1.6"), DROP],
  ["ARP with another's MAC address inside", () => arp(OTHER_MAC, IP), DROP],
  ["ARP that is not for Ethernet", () => arp(MAC, IP, 6), DROP],
  ["what is neither IP nor ARP", () => frame(0x88cc, [0]), DROP],
];

for (const [name, make, verdict] of FRAMES)
  test(`${name}: ${verdict === PASS ? "passes" : "is dropped"}, and counted`, () => {
    const pods = new PodPrograms(object, bed.folder);
    const before = pods.traffic(INTERFACE)!;
    const bytes = make();
    assert.equal(runOnFrame(object.program("from_pod"), bytes, INTERFACE), verdict);
    const counted = pods.traffic(INTERFACE)!;
    const passed = verdict === PASS ? 1n : 0n;
    assert.equal(counted.sentPackets - before.sentPackets, passed);
    assert.equal(counted.sentBytes - before.sentBytes, passed * BigInt(bytes.length));
    assert.equal(counted.spoofedPackets - before.spoofedPackets, 1n - passed);
  });

test("what goes to a pod passes and is counted", () => {
  const pods = new PodPrograms(object, bed.folder);
  const before = pods.traffic(INTERFACE)!;
  assert.equal(runOnFrame(object.program("to_pod"), ipv4("10.11.1.9"), INTERFACE), PASS);
  const counted = pods.traffic(INTERFACE)!;
  assert.equal(counted.receivedPackets - before.receivedPackets, 1n);
  assert.equal(counted.receivedBytes - before.receivedBytes, 64n);
});

test("a pod without an address of a family sends nothing of it; an interface without a row sends nothing at all", () => {
  const pods = object.map("pods");
  const row = pods.lookup(KEY)!;
  const run = (bytes: Uint8Array): number => runOnFrame(object.program("from_pod"), bytes, INTERFACE);
  try {
    const none = new Uint8Array(16);
    pods.update(KEY, encode(Pod, { ipv4: none.subarray(12), ipv6: none, mac: Uint8Array.from(MAC) }));
    for (const bytes of [ipv4("0.0.0.0"), ipv6("::", "ff02::1"), ipv6("fe80::1", "fe80::2"), arp(MAC, "0.0.0.0")])
      assert.equal(run(bytes), DROP);
    pods.delete(KEY);
    assert.equal(run(ipv4(IP)), DROP);
  } finally {
    pods.update(KEY, row);
  }
});

test("a guarded interface passes its pod's traffic and no other, until it is released", async () => {
  await using other = new Bed();
  const at = (name: string, ...args: string[]): string =>
    execFileSync("nsenter", [`--net=/run/netns/${name}`, "ip", ...args], { encoding: "utf8" });
  at(bed.name, "link", "add", "cr-pod", "type", "veth", "peer", "name", "eth0", "netns", other.name);
  at(other.name, "link", "set", "eth0", "address", "02:00:00:00:00:01", "up");
  at(other.name, "addr", "add", `${IP}/24`, "dev", "eth0");
  at(other.name, "addr", "add", "10.11.1.6/24", "dev", "eth0");
  at(bed.name, "link", "set", "cr-pod", "up");
  at(bed.name, "addr", "add", "10.11.1.1/24", "dev", "cr-pod");
  const [{ ifindex = 0 } = {}] = JSON.parse(at(bed.name, "-json", "link", "show", "cr-pod")) as { ifindex?: number }[];

  // Interfaces are guarded from within their namespace, so this is a process of its own.
  const program = fileURLToPath(new URL("./index.ts", import.meta.url));
  const source = `
    import { addressBytes, loadPinned, PodPrograms } from ${JSON.stringify(program)};
    import { createInterface } from "node:readline";
    const folder = ${JSON.stringify(bed.folder)};
    const pods = new PodPrograms(loadPinned({ path: ${JSON.stringify(POD_OBJECT)}, folder }), folder);
    for await (const line of createInterface({ input: process.stdin })) {
      const [verb, ip] = line.split(" ");
      const mac = Uint8Array.from(${JSON.stringify(MAC)});
      if (verb === "guard") pods.guard(${ifindex}, { ipv4: addressBytes(ip), mac });
      else pods.release(${ifindex});
      console.log("ok");
    }`;
  const child = bed.spawn(process.execPath, ["--conditions=source", "--input-type=module", "-e", source], false);
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const say = async (line: string): Promise<void> => {
    child.stdin!.write(`${line}\n`);
    assert.equal((await lines.next()).value, "ok");
  };
  /** Whether a datagram's answer comes back to the address that it was sent from. */
  await bed.echo("10.11.1.1 8080");
  const traffic = () => new PodPrograms(object, bed.folder).traffic(ifindex);
  const dial = other.dial();
  const reaches = async (from: string): Promise<boolean> => {
    const id = await dial.open("udp4");
    await dial.ask(`bind ${id} ${from} 0`);
    await dial.ask(`patience ${id} 300`);
    await dial.ask(`send ${id} 10.11.1.1 8080`);
    return (await dial.ask(`receive ${id}`)) === "10.11.1.1 8080 from 10.11.1.1 8080";
  };
  assert.deepEqual([await reaches(IP), await reaches("10.11.1.6")], [true, true]);
  await say(`guard ${IP}`);
  assert.equal(await reaches(IP), true);
  const guarded = () => new PodPrograms(object, bed.folder).guarded().toSorted((a, b) => a - b);
  assert.deepEqual(guarded(), [INTERFACE, ifindex]);
  const before = traffic()!;
  assert.ok(before.sentPackets > 0n && before.receivedPackets > 0n);
  assert.equal(await reaches("10.11.1.6"), false);
  assert.ok(traffic()!.spoofedPackets > before.spoofedPackets);
  await say("guard 10.11.1.6");
  assert.deepEqual([await reaches("10.11.1.6"), await reaches(IP)], [true, false]);
  await say("release");
  assert.equal(traffic(), undefined);
  assert.deepEqual(guarded(), [INTERFACE]);
  assert.deepEqual([await reaches(IP), await reaches("10.11.1.6")], [true, true]);
});
