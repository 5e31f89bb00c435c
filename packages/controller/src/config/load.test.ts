import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ConfigError, loadConfig, parseConfig } from "./load.ts";

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
  [
    "a wrong type",
    "port: 18000",
    "port: many",
    "c.yaml:3: listen.xds.port: invalid input: expected number, received string",
  ],
  [
    "a port that is none",
    "port: 18000",
    "port: 99999",
    "c.yaml:3: listen.xds.port: too big: expected number to be <=65535",
  ],
  ["a missing part", /^tls: .*$/m, "", "c.yaml:2: tls: is missing"],
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

test("every complaint is said at once", () => {
  assert.throws(
    () => parseConfig("listen: {}\n", "c.yaml"),
    (error) => {
      assert.ok(error instanceof ConfigError);
      assert.deepEqual(error.message.split("\n"), [
        "c.yaml:1: listen.xds: is missing",
        "c.yaml:1: tls: is missing",
        "c.yaml:1: clusters: is missing",
        "c.yaml:1: edges: is missing",
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
