import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ConfigError, parseConfig as parse } from "@carrick/core/config";
import { loadConfig } from "./load.ts";
import { configSchema } from "./schema.ts";

const parseConfig = (text: string, file: string) => parse(text, file, configSchema);

const GOOD = `
listen:
  xds: { address: 127.0.0.1, port: 18000 }
tls: { certificate: tls.crt, key: tls.key, authority: ca.crt }
clusters:
  - { name: london, kubernetes: { kubeconfig: kube.yaml, context: london } }
  - { name: paris, files: ./paris }
  - { name: here, kubernetes: { inCluster: true } }
edges:
  - { name: public, classes: [carrick], http: { address: "::", port: 80 } }
`;

test("a right configuration gets its defaults, and its paths are relative to the file", () => {
  const folder = mkdtempSync(join(tmpdir(), "carrick-config-"));
  try {
    writeFileSync(join(folder, "controller.yaml"), GOOD);
    const config = loadConfig(join(folder, "controller.yaml"));
    assert.equal(config.domain, "carrick.local");
    assert.equal(config.edges[0]?.redirect, true);
    assert.equal(config.endpoints.allowLoopback, false);
    assert.equal(config.tls.key, join(folder, "tls.key"));
    assert.deepEqual(config.clusters[0]?.kubernetes, { kubeconfig: join(folder, "kube.yaml"), context: "london" });
    assert.equal(config.clusters[1]?.files, join(folder, "paris"));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const WRONG: readonly (readonly [what: string, from: string | RegExp, to: string, message: string])[] = [
  [
    "an unknown key",
    "clusters:\n",
    "clutsers: 1\nclusters:\n",
    "c.yaml:5: clutsers: is no setting of Carrick; check its spelling",
  ],
  [
    "an unknown key deep inside",
    "port: 80 }",
    "port: 80, prot: 1 }",
    "c.yaml:10: edges[0].http.prot: is no setting of Carrick; check its spelling",
  ],
  ["a wrong type", "port: 18000", "port: many", 'c.yaml:3: listen.xds.port: is "many"; give it a number'],
  ["a port that is none", "port: 18000", "port: 99999", "c.yaml:3: listen.xds.port: is 99999; it may be 65535 at most"],
  [
    "a missing part",
    /^tls: .*$/m,
    "",
    "c.yaml:2: tls: is missing; give it its settings, as docs/configuration.md shows",
  ],
  [
    "two clusters of one name",
    "name: paris",
    "name: london",
    'c.yaml:7: clusters[1].name: "london" is the name of another cluster already; give each its own',
  ],
  [
    "a name that is none",
    "name: paris",
    "name: Paris/1",
    "c.yaml:7: clusters[1].name: must be lower-case letters, digits and hyphens, as in `london` or `eu-1`",
  ],
  [
    "a cluster from nowhere",
    ", files: ./paris",
    "",
    "c.yaml:7: clusters[1]: must have one of `kubernetes` and `files`: where the cluster's objects come from",
  ],
  [
    "a cluster from two places",
    "files: ./paris",
    "files: ./paris, kubernetes: {}",
    "c.yaml:7: clusters[1]: must have one of `kubernetes` and `files`: where the cluster's objects come from",
  ],
  [
    "an edge that listens nowhere",
    ', http: { address: "::", port: 80 }',
    "",
    "c.yaml:10: edges[0]: must have `http`, `https` or both: the addresses on which its Envoys listen",
  ],
  [
    "an unknown key in one of two shapes",
    "context: london",
    "contexts: london",
    "c.yaml:6: clusters[0].kubernetes.contexts: is no setting of Carrick; check its spelling",
  ],
  [
    "an address that is none",
    "address: 127.0.0.1",
    "address: localhost",
    "c.yaml:3: listen.xds.address: must be an IPv4 or IPv6 address, as in `0.0.0.0` or `::` for all of the machine's",
  ],
  [
    "a list without entries",
    "classes: [carrick]",
    "classes: []",
    "c.yaml:10: edges[0].classes: is empty; give it at least 1 entry",
  ],
  [
    "a word that is none of a few",
    "edges:\n",
    "log: { level: loud }\nedges:\n",
    'c.yaml:9: log.level: is "loud"; choose debug or info or warn or error',
  ],
  [
    "a mesh of another cluster",
    "edges:\n",
    "mesh: { cluster: rome, podCidrs: [10.1.0.0/16], peers: [] }\nedges:\n",
    'c.yaml:9: mesh.cluster: "rome" is none of `clusters`; name the cluster that this controller belongs to',
  ],
  [
    "a peer with addresses of another",
    "edges:\n",
    `mesh:
  cluster: london
  podCidrs: [10.1.0.0/16, "fd10:1::/48"]
  peers:
    - { name: rome, servers: [{ address: 10.0.0.1, port: 1 }], podCidrs: [10.2.0.0/16] }
    - { name: oslo, servers: [{ address: 10.0.0.2, port: 1 }], podCidrs: [10.3.0.0/16, 10.2.128.0/24] }
edges:
`,
    "c.yaml:14: mesh.peers[1].podCidrs[1]: 10.2.128.0/24 has addresses of 10.2.0.0/16, which is of peer rome; clusters of a mesh need ranges of their own",
  ],
  [
    "a peer that is read as well",
    "edges:\n",
    `mesh:
  cluster: london
  podCidrs: [10.1.0.0/16]
  peers: [{ name: paris, servers: [{ address: 10.0.0.1, port: 1 }], podCidrs: [10.2.0.0/16] }]
edges:
`,
    'c.yaml:12: mesh.peers[0].name: "paris" is one of `clusters` as well; read it itself or through its controllers, not both',
  ],
  ["no YAML", "clusters:\n", "clusters: [\n", "c.yaml:6: is not YAML: "],
  ["an empty file", /^[\s\S]*$/, "", "c.yaml: listen: is missing"],
];

for (const [what, from, to, message] of WRONG) {
  test(`${what} is one sentence with line, path and reason`, () => {
    assert.throws(
      () => parseConfig(GOOD.replace(from, to), "c.yaml"),
      (error) =>
        (error instanceof ConfigError && error.message.split("\n").some((line) => line.startsWith(message))) ||
        assert.fail(String(error)),
    );
  });
}

test("an edge that listens nowhere is told that, and nothing else", () => {
  assert.throws(
    () => parseConfig(GOOD.replace(/, http: .*}/, " }"), "c.yaml"),
    (error) => error instanceof ConfigError && error.message.split("\n").length === 1,
  );
});

test("every complaint is said at once", () => {
  assert.throws(
    () => parseConfig("listen: {}\n", "c.yaml"),
    (error) => {
      assert.ok(error instanceof ConfigError);
      assert.deepEqual(error.message.split("\n"), [
        "c.yaml:1: listen.xds: is missing; give it its settings, as docs/configuration.md shows",
        "c.yaml:1: tls: is missing; give it its settings, as docs/configuration.md shows",
        "c.yaml:1: clusters: is missing; give it a list",
      ]);
      return true;
    },
  );
});

test("a file that is not there is named with the fix", () => {
  assert.throws(
    () => loadConfig("/nowhere/c.yaml"),
    /^ConfigError: \/nowhere\/c\.yaml: cannot be read \(ENOENT.*\); name the configuration file with --config$/,
  );
});
