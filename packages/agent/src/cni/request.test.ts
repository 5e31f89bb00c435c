import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { CniError, encodeError } from "./cni-error.ts";
import type { Question } from "./frame.ts";
import { versionOf } from "./network-config.ts";
import { decodeRequest } from "./request.ts";

const CONFIG = { cniVersion: "1.1.0", name: "carrick", type: "carrick-cni" };

function ask(command: string, config: unknown = CONFIG, more: Partial<Question> = {}): Question {
  return {
    command,
    containerId: "c1",
    netns: "/run/netns/c1",
    ifname: "eth0",
    args: "",
    input: typeof config === "string" ? config : JSON.stringify(config),
    ...more,
  };
}

test("ADD says for whom an interface is wanted; what nobody knows is passed over", () => {
  const args =
    "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=cart-7d;K8S_POD_INFRA_CONTAINER_ID=c1;K8S_POD_UID=u-1;X";
  const config = {
    ...CONFIG,
    mtu: 8950,
    dns: { nameservers: ["10.96.0.10"] },
    unheardOf: { deep: [1] },
    ipam: {},
    ipMasq: false,
    prevResult: null,
    runtimeConfig: { portMappings: [] },
    args: { cni: { labels: [] } },
  };
  assert.deepEqual(decodeRequest(ask("ADD", config, { args })), {
    command: "ADD",
    cniVersion: "1.1.0",
    owner: {
      network: "carrick",
      containerId: "c1",
      ifname: "eth0",
      netns: "/run/netns/c1",
      pod: { namespace: "shop", name: "cart-7d", uid: "u-1" },
    },
    mtu: 8950,
    dns: { nameservers: ["10.96.0.10"] },
  });
  assert.deepEqual(decodeRequest(ask("ADD")), {
    command: "ADD",
    cniVersion: "1.1.0",
    owner: { network: "carrick", containerId: "c1", ifname: "eth0", netns: "/run/netns/c1" },
  });
});

test("the other operations need what the specification lists for them, and no more", () => {
  assert.deepEqual(decodeRequest(ask("DEL", CONFIG, { netns: "" })), {
    command: "DEL",
    cniVersion: "1.1.0",
    containerId: "c1",
    ifname: "eth0",
  });
  const prevResult = {
    cniVersion: "1.0.0",
    interfaces: null,
    ips: [{ address: "10.1.1.2/32", version: "4" }],
    dns: {},
  };
  assert.deepEqual(decodeRequest(ask("CHECK", { ...CONFIG, prevResult })), {
    command: "CHECK",
    cniVersion: "1.1.0",
    containerId: "c1",
    ifname: "eth0",
    netns: "/run/netns/c1",
    prevResult: { interfaces: null, ips: [{ address: "10.1.1.2/32" }] },
  });
  const empty = { containerId: "", netns: "", ifname: "" };
  const valid = [{ containerID: "a", ifname: "eth0", more: 1 }];
  const gc = decodeRequest(ask("GC", { ...CONFIG, "cni.dev/valid-attachments": valid }, empty));
  assert.deepEqual(gc, { command: "GC", cniVersion: "1.1.0", network: "carrick", valid: new Set(["a/eth0"]) });
  // Go writes a list without elements as null.
  const none = decodeRequest(ask("GC", { ...CONFIG, "cni.dev/valid-attachments": null }, empty));
  assert.ok(none.command === "GC" && none.valid.size === 0);
  assert.deepEqual(decodeRequest(ask("STATUS", CONFIG, empty)), { command: "STATUS", cniVersion: "1.1.0" });
});

const refusals: readonly (readonly [string, Question, number, RegExp])[] = [
  ["a command", ask("add"), 4, /CNI_COMMAND is "add", and must be ADD, DEL, CHECK, GC, STATUS or VERSION/],
  ["no JSON", ask("ADD", "{"), 6, /the network configuration is not JSON/],
  ["no object", ask("ADD", "[]"), 6, /is not a JSON object/],
  ["null", ask("DEL", "null"), 6, /is not a JSON object/],
  ["no version", ask("ADD", { name: "n" }), 1, /cniVersion is missing; set one of 0\.4\.0, 1\.0\.0, 1\.1\.0/],
  ["an old version", ask("DEL", { ...CONFIG, cniVersion: "0.3.1" }), 1, /cniVersion is "0\.3\.1"/],
  ["a number as version", ask("ADD", { ...CONFIG, cniVersion: 1 }), 1, /cniVersion is 1;/],
  ["GC before 1.1.0", ask("GC", { ...CONFIG, cniVersion: "1.0.0" }), 1, /1\.0\.0 has no GC; set 1\.1\.0/],
  ["STATUS before 1.1.0", ask("STATUS", { ...CONFIG, cniVersion: "0.4.0" }), 1, /0\.4\.0 has no STATUS/],
  ["no name", ask("ADD", { cniVersion: "1.1.0" }), 7, /^name: is missing$/],
  ["a name", ask("ADD", { ...CONFIG, name: "../x" }), 7, /^name: must be letters, digits/],
  ["a small MTU", ask("ADD", { ...CONFIG, mtu: 500 }), 7, /^mtu: too small: expected number to be >=1280/],
  ["an MTU that is a text", ask("ADD", { ...CONFIG, mtu: "9000" }), 7, /^mtu: /],
  ["dns", ask("ADD", { ...CONFIG, dns: { nameservers: "10.0.0.1" } }), 7, /^dns\.nameservers: /],
  ["a second plugin", ask("ADD", { ...CONFIG, prevResult: {} }), 7, /^prevResult: .*put it first/],
  ["ipam", ask("ADD", { ...CONFIG, ipam: { type: "host-local" } }), 2, /^ipam is {"type":"host-local"}, but/],
  ["ipMasq", ask("ADD", { ...CONFIG, ipMasq: true }), 2, /^ipMasq is true, but pods keep/],
  ["an address", ask("ADD", { ...CONFIG, runtimeConfig: { ips: ["10.1.1.9"] } }), 2, /^runtimeConfig\.ips is \["10\.1/],
  ["a MAC", ask("ADD", { ...CONFIG, runtimeConfig: { mac: "02:00" } }), 2, /^runtimeConfig\.mac is "02:00"/],
  ["args.cni.ips", ask("ADD", { ...CONFIG, args: { cni: { ips: ["10.1.1.9"] } } }), 2, /^args\.cni\.ips is/],
  ["CNI_ARGS IP", ask("ADD", CONFIG, { args: "IP=10.1.1.9" }), 4, /CNI_ARGS is "IP=10\.1\.1\.9", and asks/],
  ["no container", ask("ADD", CONFIG, { containerId: "" }), 4, /^CNI_CONTAINERID is not set/],
  ["a container", ask("DEL", CONFIG, { containerId: "a/../b" }), 4, /^CNI_CONTAINERID is "a\/\.\.\/b"/],
  ["a container with a line's end", ask("DEL", CONFIG, { containerId: "a\n" }), 4, /^CNI_CONTAINERID is "a\\n"/],
  ["a long container", ask("ADD", CONFIG, { containerId: "a".repeat(256) }), 4, /^CNI_CONTAINERID/],
  ["no interface", ask("ADD", CONFIG, { ifname: "" }), 4, /^CNI_IFNAME is not set/],
  ["an interface", ask("ADD", CONFIG, { ifname: "eth0:1" }), 4, /^CNI_IFNAME is "eth0:1"/],
  ["a long interface", ask("CHECK", { ...CONFIG, prevResult: {} }, { ifname: "é".repeat(8) }), 4, /^CNI_IFNAME/],
  ["an interface of dots", ask("DEL", CONFIG, { ifname: ".." }), 4, /^CNI_IFNAME is "\.\."/],
  ["no namespace", ask("ADD", CONFIG, { netns: "" }), 4, /^CNI_NETNS is not set/],
  ["a relative namespace", ask("ADD", CONFIG, { netns: "netns" }), 4, /^CNI_NETNS is "netns"/],
  ["a pod's name", ask("ADD", CONFIG, { args: "K8S_POD_NAMESPACE=a;K8S_POD_NAME=../x" }), 4, /K8S_POD_NAME=\.\.\/x/],
  ["half a pod's name", ask("ADD", CONFIG, { args: "K8S_POD_NAME=x" }), 4, /K8S_POD_NAMESPACE=/],
  ["no prevResult", ask("CHECK"), 7, /^prevResult is missing/],
  [
    "a prevResult",
    ask("CHECK", { ...CONFIG, prevResult: { ips: [{}] } }),
    7,
    /^prevResult\.ips\.0\.address: is missing$/,
  ],
  ["GC without a list", ask("GC"), 7, /^cni\.dev\/valid-attachments: is missing$/],
  [
    "GC with half an entry",
    ask("GC", { ...CONFIG, "cni.dev/valid-attachments": [{ ifname: "e" }] }),
    7,
    /0\.containerID: is/,
  ],
];

for (const [what, question, code, details] of refusals) {
  test(`refused with code ${code} and the name of what is wrong: ${what}`, () => {
    assert.throws(
      () => decodeRequest(question),
      (error: unknown) => {
        assert.ok(error instanceof CniError, String(error));
        assert.equal(error.code, code, error.message);
        assert.match(error.message, details);
        return true;
      },
    );
  });
}

test("whatever comes, it is a request or an error that the runtime can read", () => {
  const field = fc.oneof(fc.constantFrom("", "eth0", "c1", "/run/netns/x", "ADD", "GC", "CHECK"), fc.string());
  const config = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record(
        {
          cniVersion: fc.oneof(fc.constantFrom("0.4.0", "1.1.0"), fc.jsonValue()),
          name: fc.oneof(fc.constant("n"), fc.jsonValue()),
          prevResult: fc.jsonValue(),
          ipam: fc.jsonValue(),
          runtimeConfig: fc.jsonValue(),
          args: fc.jsonValue(),
          dns: fc.jsonValue(),
          "cni.dev/valid-attachments": fc.jsonValue(),
        },
        { requiredKeys: ["cniVersion", "name"] },
      )
      .map((value) => JSON.stringify(value)),
  );
  const question = fc.record({
    command: field,
    containerId: field,
    netns: field,
    ifname: field,
    args: field,
    input: config,
  });
  fc.assert(
    fc.property(question, (asked) => {
      try {
        decodeRequest(asked);
      } catch (error) {
        assert.ok(error instanceof CniError, String(error));
        const told = JSON.parse(encodeError(error, "1.1.0")) as { code: number; msg: string; details: string };
        assert.ok(told.code > 0 && told.msg !== "" && told.details !== "");
      }
    }),
    { numRuns: 2000 },
  );
});

test("an error is told in the runtime's version, and is not longer than a client takes", () => {
  assert.equal(versionOf('{"cniVersion":"0.4.0","name":7}', "ADD"), "0.4.0");
  assert.equal(versionOf('{"cniVersion":"0.4.0"}', "GC"), undefined);
  assert.equal(versionOf("{", "ADD"), undefined);
  assert.deepEqual(JSON.parse(encodeError(new TypeError("x".repeat(9000)), "1.0.0")), {
    cniVersion: "1.0.0",
    code: 101,
    msg: "operation failed",
    details: "x".repeat(4096),
  });
});
