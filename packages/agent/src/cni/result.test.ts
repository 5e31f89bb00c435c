import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { hostLinkName, planLinks } from "./pod-links.ts";
import { encodeResult } from "./result.ts";
import { missingFromResult, toldDefaultRoutes } from "./told.ts";

const OWNER = { network: "carrick", containerId: "c1", ifname: "eth0", netns: "/run/netns/c1" };
const LINKS = planLinks({ owner: OWNER, addresses: ["10.11.1.2", "fd10:1:1::2"] }, 1450);

test("an interface is planned from its container, interface and addresses alone", () => {
  assert.deepEqual(LINKS, {
    host: { name: "crd72e032fedd94", mac: "a2:1f:d2:d3:5f:7c", alias: "carrick c1 eth0" },
    pod: { name: "eth0", mac: "ea:93:8c:71:71:ad" },
    mtu: 1450,
    addresses: [
      { family: 4, address: "10.11.1.2", prefix: "10.11.1.2/32", gateway: "169.254.1.1", defaultRoute: "0.0.0.0/0" },
      { family: 6, address: "fd10:1:1::2", prefix: "fd10:1:1::2/128", gateway: "fe80::1", defaultRoute: "::/0" },
    ],
  });
  const pod = { namespace: "n".repeat(63), name: "p".repeat(253) };
  const long = planLinks({ owner: { ...OWNER, pod }, addresses: ["10.11.1.2"] }, 1500);
  assert.ok(long.host.alias.startsWith("carrick nnn") && Buffer.byteLength(long.host.alias) === 255);
});

test("names fit the kernel and differ, hardware addresses are unicast and local", () => {
  const names = new Set<string>();
  fc.assert(
    fc.property(fc.uuid(), fc.constantFrom("eth0", "net1"), (containerId, ifname) => {
      const { host, pod } = planLinks({ owner: { ...OWNER, containerId, ifname }, addresses: ["10.11.1.2"] }, 1500);
      assert.match(host.name, /^cr[0-9a-f]{13}$/);
      assert.equal(host.name, hostLinkName(`${containerId}/${ifname}`));
      for (const { mac } of [host, pod]) assert.match(mac, /^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/);
      assert.notEqual(host.mac, pod.mac);
      names.add(host.name);
    }),
    { numRuns: 500 },
  );
  assert.ok(names.size > 490);
});

test("each version gets its own words", () => {
  const [host, pod] = [
    { name: "crd72e032fedd94", mac: "a2:1f:d2:d3:5f:7c" },
    { name: "eth0", mac: "ea:93:8c:71:71:ad" },
  ];
  const ips = [
    { address: "10.11.1.2/32", gateway: "169.254.1.1", interface: 1 },
    { address: "fd10:1:1::2/128", gateway: "fe80::1", interface: 1 },
  ];
  const routes = [
    { dst: "0.0.0.0/0", gw: "169.254.1.1" },
    { dst: "::/0", gw: "fe80::1" },
  ];
  const dns = { nameservers: ["10.96.0.10"] };
  const sandbox = "/run/netns/c1";
  assert.deepEqual(JSON.parse(encodeResult("1.1.0", LINKS, sandbox, dns)), {
    cniVersion: "1.1.0",
    interfaces: [
      { ...host, mtu: 1450 },
      { ...pod, mtu: 1450, sandbox },
    ],
    ips,
    routes,
    dns,
  });
  const older = { interfaces: [host, { ...pod, sandbox }], routes, dns: {} };
  assert.deepEqual(JSON.parse(encodeResult("1.0.0", LINKS, sandbox)), { cniVersion: "1.0.0", ips, ...older });
  const withVersion = ips.map((ip, i) => ({ ...ip, version: ["4", "6"][i] }));
  assert.deepEqual(JSON.parse(encodeResult("0.4.0", LINKS, sandbox)), {
    cniVersion: "0.4.0",
    ips: withVersion,
    ...older,
  });
});

test("a previous result that does not list the interface is found out; what others added is left alone", () => {
  const told = JSON.parse(encodeResult("1.1.0", LINKS, "/run/netns/c1"));
  const another = { name: "tap0", sandbox: "/run/netns/c1" };
  const later = {
    interfaces: [another, ...told.interfaces],
    ips: [{ address: "192.168.1.1/24" }, ...told.ips],
    routes: [{ dst: "10.0.0.0/8" }, ...told.routes],
  };
  assert.deepEqual(missingFromResult(told, LINKS), []);
  assert.deepEqual(missingFromResult(later, LINKS), []);
  assert.deepEqual(toldDefaultRoutes(later, LINKS), new Set(["0.0.0.0/0", "::/0"]));
  const replaced = { ...told, routes: [{ dst: "0.0.0.0/0", gw: "10.0.0.1" }, { dst: "::/0" }] };
  assert.deepEqual(toldDefaultRoutes(replaced, LINKS), new Set(["::/0"]));
  assert.deepEqual(missingFromResult({ interfaces: null, ips: [{ address: "10.11.1.3/32" }] }, LINKS), [
    "prevResult does not list the pod's link eth0",
    "prevResult does not list the node's link crd72e032fedd94",
    "prevResult does not list 10.11.1.2/32",
    "prevResult does not list fd10:1:1::2/128",
  ]);
  const mac = { ...told, interfaces: [told.interfaces[0], { ...told.interfaces[1], mac: "02:00:00:00:00:01" }] };
  assert.deepEqual(missingFromResult(mac, LINKS), ["prevResult gives eth0 the hardware address 02:00:00:00:00:01"]);
});
