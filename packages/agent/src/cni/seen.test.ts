import assert from "node:assert/strict";
import { test } from "node:test";
import type { Address, Link, Neighbour, Route } from "../net/index.ts";
import { planLinks } from "./pod-links.ts";
import { differences, type Seen } from "./seen.ts";

const OWNER = { network: "carrick", containerId: "c1", ifname: "eth0", netns: "/run/netns/c1" };
const LINKS = planLinks({ owner: OWNER, addresses: ["10.11.1.2", "fd10:1:1::2"] }, 1450);
const DEFAULTS = new Set(["0.0.0.0/0", "::/0"]);

function link(index: number, { name, mac }: { readonly name: string; readonly mac: string }, peer: number): Link {
  return { index, name, mac, peer, kind: "veth", mtu: 1450, up: true, carrier: true };
}

const address = (text: string): Address => {
  return { link: 2, address: text, scope: "global", tentative: false, duplicate: false };
};

function neighbour(of: number, text: string, mac: string): Neighbour {
  return { link: of, address: text, mac, permanent: true };
}

function route(of: number, destination: string, via?: string): Route {
  const kind = { family: destination.includes(":") ? 10 : 2, type: "unicast", scope: "global" } as const;
  const rest = { onlink: via !== undefined, table: 254, priority: 0, protocol: 4, multipath: false };
  return { ...kind, ...rest, destination, link: of, ...(via !== undefined && { via }) };
}

/** As `wire` makes it. */
function asMade(): Seen {
  const { host, pod } = LINKS;
  return {
    host: {
      link: link(7, host, 2),
      addresses: [],
      neighbours: [neighbour(7, "10.11.1.2", pod.mac), neighbour(7, "fd10:1:1::2", pod.mac)],
      routes: [route(7, "10.11.1.2/32"), route(7, "fd10:1:1::2/128")],
    },
    pod: {
      link: link(2, pod, 7),
      addresses: [address("10.11.1.2/32"), address("fd10:1:1::2/128"), address("fe80::7/64")],
      neighbours: [neighbour(2, "169.254.1.1", host.mac), neighbour(2, "fe80::1", host.mac)],
      routes: [route(2, "0.0.0.0/0", "169.254.1.1"), route(2, "::/0", "fe80::1"), route(2, "fe80::/64")],
    },
  };
}

test("what is as it was made has no differences; a default route that is not expected may be missing", () => {
  const seen = asMade();
  assert.deepEqual(differences(LINKS, seen, DEFAULTS), []);
  const without = { ...seen, pod: { ...seen.pod, routes: [] } };
  assert.deepEqual(differences(LINKS, without, new Set()), []);
  assert.deepEqual(differences(LINKS, without, new Set(["::/0"])), ["the pod has no route to ::/0 via fe80::1"]);
});

const CHANGES: readonly (readonly [(seen: Seen) => Seen, readonly string[]])[] = [
  [
    ({ host, pod }) => ({ host, pod: { ...pod, link: { ...pod.link!, peer: 8 } } }),
    [`the pod's link eth0 is not the other end of ${LINKS.host.name}`],
  ],
  [
    ({ host, pod }) => ({
      host,
      pod: { ...pod, addresses: pod.addresses.map((one) => ({ ...one, duplicate: true })) },
    }),
    ["somebody else has the address 10.11.1.2", "somebody else has the address fd10:1:1::2"],
  ],
  [
    ({ host, pod }) => ({
      pod,
      host: { ...host, neighbours: host.neighbours.map((one) => ({ ...one, permanent: false })) },
    }),
    ["the node does not know where 10.11.1.2 is", "the node does not know where fd10:1:1::2 is"],
  ],
  [
    ({ host, pod }) => ({ host, pod: { ...pod, neighbours: pod.neighbours.slice(1) } }),
    ["the pod does not know that 169.254.1.1 is the node"],
  ],
  [
    ({ host, pod }) => ({ host, pod: { ...pod, routes: [route(2, "0.0.0.0/0", "10.9.9.9"), ...pod.routes.slice(1)] } }),
    ["the pod has no route to 0.0.0.0/0 via 169.254.1.1"],
  ],
  [
    ({ host, pod }) => ({ pod, host: { ...host, routes: host.routes.slice(0, 1) } }),
    [`the node has no route to fd10:1:1::2/128 on link ${LINKS.host.name}`],
  ],
  [
    ({ host, pod }) => ({ pod, host: { ...host, link: { ...host.link!, up: false, mac: "02:00:00:00:00:07" } } }),
    [
      `the node's link ${LINKS.host.name} is down`,
      `the node's link ${LINKS.host.name} has the hardware address 02:00:00:00:00:07 instead of ${LINKS.host.mac}`,
    ],
  ],
  // Without a link there is nothing else to say.
  [({ host, pod }) => ({ host, pod: { ...pod, link: undefined } }), ["the pod's link eth0 is missing"]],
];

test("each change is found, and nothing else is said", () => {
  for (const [change, wanted] of CHANGES) assert.deepEqual(differences(LINKS, change(asMade()), DEFAULTS), wanted);
});
