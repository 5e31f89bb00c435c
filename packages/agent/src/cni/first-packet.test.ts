/** The moment in which an interface is made: synchronous system calls, since a new process would come 30 ms later. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Namespace } from "../net/index.ts";
import { close, systemCall, type SystemCall } from "../sys/libc.ts";
import { cniBed, NODE_ADDRESSES, type TestPod } from "./fixture.ts";

const socket: SystemCall<[domain: number, type: number, protocol: number]> = systemCall(
  "int socket(int domain, int type, int protocol)",
);
const bind: SystemCall<[fd: number, address: Uint8Array, length: number]> = systemCall(
  "int bind(int fd, const void *address, unsigned int length)",
);
const sendto: SystemCall<[number, Uint8Array, number, number, Uint8Array, number]> = systemCall(
  "long sendto(int fd, const void *bytes, size_t size, int flags, const void *address, unsigned int length)",
);
const recv: SystemCall<[fd: number, bytes: Uint8Array, size: number, flags: number]> = systemCall(
  "long recv(int fd, void *bytes, size_t size, int flags)",
);

const setsockopt: SystemCall<[fd: number, level: number, name: number, value: Uint8Array, length: number]> = systemCall(
  "int setsockopt(int fd, int level, int name, const void *value, unsigned int length)",
);

const [AF_INET, AF_INET6, SOCK_DGRAM, SOL_SOCKET, SO_RCVTIMEO] = [2, 10, 2, 1, 20];
/** A datagram that was lost does not come within two seconds either. */
const PATIENCE = new Uint8Array(new BigInt64Array([2n, 0n]).buffer);

/** `struct sockaddr_in` or `sockaddr_in6`. */
function socketAddress(address: string): Uint8Array {
  const isIpv6 = address.includes(":");
  const bytes = Buffer.alloc(isIpv6 ? 28 : 16);
  bytes.writeUInt16LE(isIpv6 ? AF_INET6 : AF_INET, 0);
  // A socket of IPv6 takes the port in IPv4 too.
  bytes.writeUInt16BE(isIpv6 ? 9001 : 9000, 2);
  if (!isIpv6) bytes.set(address.split(".").map(Number), 4);
  else {
    const [head, tail] = address.split("::").map((part) => (part === "" ? [] : part.split(":")));
    const zeros = Array.from({ length: 8 - head!.length - tail!.length }, () => "0");
    for (const [i, group] of [...head!, ...zeros, ...tail!].entries())
      bytes.writeUInt16BE(Number.parseInt(group, 16), 8 + 2 * i);
  }
  return bytes;
}

/** A UDP socket on any address. */
function udp(t: TestContext, namespace: Namespace, any: "0.0.0.0" | "::"): number {
  const fd = namespace.within(() => socket("open", any === "::" ? AF_INET6 : AF_INET, SOCK_DGRAM, 0));
  t.after(() => close("close", fd));
  const address = socketAddress(any);
  bind("bind", fd, address, address.length);
  setsockopt("limit waiting", fd, SOL_SOCKET, SO_RCVTIMEO, PATIENCE, PATIENCE.length);
  return fd;
}

function send(from: number, to: string): void {
  const address = socketAddress(to);
  sendto(`send to ${to}`, from, Buffer.from("hello"), 5, 0, address, address.length);
}

/** Throws `EAGAIN` when nothing comes. */
function receive(what: string, fd: number): void {
  assert.equal(recv(`receive the first packet ${what}`, fd, Buffer.alloc(16), 16, 0), 5);
}

for (const podCidrs of [["10.11.1.0/24"], ["fd10:1:1::/64"], ["10.11.1.0/24", "fd10:1:1::/64"]]) {
  test(`the first packet arrives, from the pod and to the pod: ${podCidrs.join(" and ")}`, async (t) => {
    const pods = new Map<string, TestPod>();
    const nodeSockets = new Map<string, number>();
    let checked = 0;
    const bed = await cniBed(t, {
      podCidrs,
      pods: {
        podAdded: ({ owner, addresses }) => {
          for (const address of addresses) {
            const [any, node] = address.includes(":")
              ? (["::", NODE_ADDRESSES[1]!] as const)
              : (["0.0.0.0", NODE_ADDRESSES[0]!] as const);
            const [inPod, onNode] = [udp(t, pods.get(owner.containerId)!.namespace, any), nodeSockets.get(any)!];
            send(inPod, node);
            receive(`from ${address}`, onNode);
            send(onNode, address);
            receive(`to ${address}`, inPod);
            checked++;
          }
          return Promise.resolve();
        },
      },
    });
    for (const any of ["0.0.0.0", "::"] as const) nodeSockets.set(any, udp(t, bed.node.namespace, any));
    for (let i = 0; i < 20; i++) {
      const pod = bed.newPod();
      pods.set(pod.containerId, pod);
      await bed.add(pod);
    }
    assert.equal(checked, 20 * podCidrs.length);
  });
}
