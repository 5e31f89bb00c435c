import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ConfigError, parseConfig } from "@carrick/core/config";
import { loadConfig } from "./load.ts";
import { configSchema } from "./schema.ts";

const LEAST = `
cluster: london
node: n1
controllers: [{ address: 10.0.0.1, port: 18000 }]
tls: { certificate: tls.crt, key: tls.key, authority: ca.crt }
`;

const GOOD = `${LEAST}domain: mesh.example
metrics: { address: "::", port: 18003 }
runDir: run
bpf: { folder: /sys/fs/bpf/carrick, cgroup: cgroup, objects: objects, frontends: 16, services: 16, backends: 16 }
cni: { podCidrs: [10.11.1.0/24, "fd10:1:1::/64"], meshCidrs: [10.0.0.0/8], mtu: 1280, nodeAddresses: [10.0.0.11, "fd00::11"] }
log: { level: debug }
`;

let folder: string;
before(() => void (folder = mkdtempSync(join(tmpdir(), "carrick-agent-config-"))));
after(() => rmSync(folder, { recursive: true, force: true }));

function load(text: string): ReturnType<typeof loadConfig> {
  const file = join(folder, "agent.yaml");
  writeFileSync(file, text);
  return loadConfig(file);
}

test("what is not given has its default", () => {
  assert.deepEqual(load(LEAST), {
    cluster: "london",
    node: "n1",
    domain: "carrick.local",
    controllers: [{ address: "10.0.0.1", port: 18_000 }],
    tls: { certificate: join(folder, "tls.crt"), key: join(folder, "tls.key"), authority: join(folder, "ca.crt") },
    runDir: "/run/carrick",
    bpf: { folder: "/sys/fs/bpf/carrick", frontends: 131_072, services: 65_536, backends: 131_072 },
    log: { level: "info" },
  });
  assert.deepEqual(load(`${LEAST}cni: { podCidrs: [10.11.1.0/24] }\n`).cni, {
    podCidrs: ["10.11.1.0/24"],
    meshCidrs: [],
    mtu: 1500,
    nodeAddresses: [],
  });
});

test("every path is relative to the file", () => {
  const { runDir, bpf } = load(GOOD);
  assert.deepEqual(
    [runDir, bpf.cgroup, bpf.objects, bpf.folder],
    [join(folder, "run"), join(folder, "cgroup"), join(folder, "objects"), "/sys/fs/bpf/carrick"],
  );
});

/** By what is put in the place of what, and how the complaint begins. */
const WRONG: readonly (readonly [from: string | RegExp, to: string, message: string])[] = [
  [
    "cluster: london",
    "cluster: London",
    "a.yaml:2: cluster: must be lower-case letters, digits and hyphens, as in `london` or `eu-1`, and is",
  ],
  [
    "cluster: london",
    `cluster: ${"x".repeat(64)}`,
    "a.yaml:2: cluster: has 64 characters; give it at most 63 characters",
  ],
  ["cluster: london\n", "", "a.yaml:2: cluster: is missing; give it a text"],
  ["node: n1", "node: N_1", 'a.yaml:3: node: must be the name of a Node, and is "N_1"'],
  ["domain: mesh.example", "domain: spiffe://x", 'a.yaml:6: domain: must be a DNS name, and is "spiffe://x"'],
  [
    "controllers: [{ address: 10.0.0.1, port: 18000 }]",
    "controllers: []",
    "a.yaml:4: controllers: is empty; give it at least 1 entry",
  ],
  ["address: 10.0.0.1,", "address: controller,", "a.yaml:4: controllers[0].address: must be an IPv4 or IPv6 address"],
  ["port: 18000", "port: 0", "a.yaml:4: controllers[0].port: is 0; it may be 1 at least"],
  ["certificate: tls.crt, ", "", "a.yaml:5: tls.certificate: is missing; give it a text"],
  ["key: tls.key", 'key: ""', "a.yaml:5: tls.key: is empty; give it at least 1 character"],
  ["authority: ca.crt", "authority: [ca.crt]", 'a.yaml:5: tls.authority: is ["ca.crt"]; give it a text'],
  ["port: 18003", "port: many", 'a.yaml:7: metrics.port: is "many"; give it a number'],
  ['address: "::"', "address: localhost", "a.yaml:7: metrics.address: must be an IPv4 or IPv6 address"],
  ["runDir: run", 'runDir: ""', "a.yaml:8: runDir: is empty; give it at least 1 character"],
  ["folder: /sys/fs/bpf/carrick", 'folder: ""', "a.yaml:9: bpf.folder: is empty"],
  ["cgroup: cgroup", "cgroup: 1", "a.yaml:9: bpf.cgroup: is 1; give it a text"],
  ["objects: objects", "objects: 1", "a.yaml:9: bpf.objects: is 1; give it a text"],
  ["frontends: 16", "frontends: 8", "a.yaml:9: bpf.frontends: is 8; it may be 16 at least"],
  ["services: 16", "services: 9999999", "a.yaml:9: bpf.services: is 9999999; it may be 1048576 at most"],
  ["backends: 16", "backends: 16.5", "a.yaml:9: bpf.backends: is 16.5; give it a whole number"],
  ["folder: /sys", "foldr: /sys", "a.yaml:9: bpf.foldr: is no setting of Carrick; check its spelling"],
  [
    "podCidrs: [10.11.1.0/24, ",
    "podCidrs: [10.11.1.5/24, ",
    "a.yaml:10: cni.podCidrs[0]: pod CIDR 10.11.1.5/24 has bits behind its length; write 10.11.1.0/24",
  ],
  [
    "podCidrs: [10.11.1.0/24, ",
    "podCidrs: [10.11.1.0, ",
    'a.yaml:10: cni.podCidrs[0]: pod CIDR "10.11.1.0" is no CIDR; write one like 10.11.1.0/24 or fd10:1:1::/64',
  ],
  [
    "podCidrs: [10.11.1.0/24, ",
    "podCidrs: [10.11.1.0/31, ",
    "a.yaml:10: cni.podCidrs[0]: pod CIDR 10.11.1.0/31 has no address for pods",
  ],
  [
    '"fd10:1:1::/64"',
    "10.12.0.0/24",
    'a.yaml:10: cni.podCidrs[1]: "10.12.0.0/24" is of IPv4, as "10.11.1.0/24" is; give one CIDR of each family',
  ],
  ['podCidrs: [10.11.1.0/24, "fd10:1:1::/64"], ', "", "a.yaml:10: cni.podCidrs: is missing; give it a list"],
  [
    "meshCidrs: [10.0.0.0/8]",
    "meshCidrs: [10.0.0.0/40]",
    'a.yaml:10: cni.meshCidrs[0]: "10.0.0.0/40": /40 is no prefix length; write 0 to 32',
  ],
  [
    "meshCidrs: [10.0.0.0/8]",
    "meshCidrs: [mesh]",
    'a.yaml:10: cni.meshCidrs[0]: "mesh" is no IP address; write one like 10.11.1.7 or fd10:1:1::7',
  ],
  ["mtu: 1280", "mtu: 1000", "a.yaml:10: cni.mtu: is 1000; it may be 1280 at least"],
  [
    "nodeAddresses: [10.0.0.11, ",
    "nodeAddresses: [n1, ",
    "a.yaml:10: cni.nodeAddresses[0]: must be an IPv4 or IPv6 address",
  ],
  [
    '"fd00::11"]',
    "10.0.0.12]",
    'a.yaml:10: cni.nodeAddresses[1]: "10.0.0.12" is of IPv4, as "10.0.0.11" is; give one address of each family',
  ],
  ["level: debug", "level: loud", 'a.yaml:11: log.level: is "loud"; choose debug or info or warn or error'],
  ["log: {", "logs: {", "a.yaml:11: logs: is no setting of Carrick; check its spelling"],
  ["log: {", "log: [", "a.yaml:11: is not YAML: "],
];

for (const [from, to, message] of WRONG) {
  test(`one sentence with line, path and reason: ${message.slice("a.yaml:".length)}`, () => {
    const text = GOOD.replace(from, to);
    assert.notEqual(text, GOOD);
    assert.throws(
      () => parseConfig(text, "a.yaml", configSchema),
      (error) => {
        assert.ok(error instanceof ConfigError);
        const [first = "", ...others] = error.message.split("\n");
        assert.ok(first.startsWith(message), error.message);
        assert.deepEqual(others, []);
        return true;
      },
    );
  });
}

test("a file that is not there is named with the fix", () => {
  assert.throws(() => loadConfig("/nowhere/a.yaml"), {
    name: "ConfigError",
    message: /^\/nowhere\/a\.yaml: cannot be read \(ENOENT.*\); name the configuration file with --config$/,
  });
});
