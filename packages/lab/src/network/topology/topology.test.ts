import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { defaultTopology, loadTopology, parseTopology } from "./load.ts";
import { addressAt, digits, overlap, parseRange, subrange, withLength } from "./range.ts";

test("without a file there are two clusters of two nodes, dual stack", () => {
  assert.deepEqual(defaultTopology(), {
    clusters: [
      {
        name: "london",
        index: 1,
        nodes: 2,
        network: { ipv4: "172.30.1.0/24", ipv6: "fd30::1:0/112" },
        pods: { ipv4: "10.11.0.0/16", ipv6: "fd10:1::/32" },
        services: { ipv4: "10.96.0.0/16", ipv6: "fd96:1::/112" },
      },
      {
        name: "paris",
        index: 2,
        nodes: 2,
        network: { ipv4: "172.30.2.0/24", ipv6: "fd30::2:0/112" },
        pods: { ipv4: "10.12.0.0/16", ipv6: "fd10:2::/32" },
        services: { ipv4: "10.97.0.0/16", ipv6: "fd96:2::/112" },
      },
    ],
    edge: { ipv4: "172.30.250.0/24", ipv6: "fd30::250:0/112" },
  });
  assert.deepEqual(parseTopology("", "empty"), defaultTopology());
});

test("what is given stands, the rest follows the index", () => {
  const { clusters } = parseTopology(
    `clusters:
  - name: london
  - { name: tokyo, index: 9, nodes: 3, pods: { ipv4: 10.200.0.0/16 } }`,
    "lab.yaml",
  );
  assert.deepEqual(clusters[1], {
    name: "tokyo",
    index: 9,
    nodes: 3,
    network: { ipv4: "172.30.9.0/24", ipv6: "fd30::9:0/112" },
    pods: { ipv4: "10.200.0.0/16", ipv6: "fd10:9::/32" },
    services: { ipv4: "10.104.0.0/16", ipv6: "fd96:9::/112" },
  });
});

test("the most that is allowed has defaults that do not overlap", () => {
  const clusters = Array.from({ length: 32 }, (_, at) => `{ name: c${at}, nodes: 12 }`);
  assert.equal(parseTopology(`clusters: [${clusters.join(", ")}]`, "lab.yaml").clusters.length, 32);
});

test("what is wrong is said with its line, its path, the reason and what mends it", () => {
  const table: [string, string, RegExp][] = [
    ["no YAML", "clusters: [", /^lab\.yaml:1: is not YAML: /],
    [
      "unknown key",
      "clusters:\n  - name: a\n    node: 3",
      /^lab\.yaml:3: clusters\[0\]\.node: is no setting of Carrick/,
    ],
    ["no name", "clusters:\n  - nodes: 3", /^lab\.yaml:2: clusters\[0\]\.name: is missing; give it a text$/],
    ["bad name", "clusters: [{ name: London }]", /clusters\[0\]\.name: must be lower-case letters/],
    ["a place's name", "clusters: [{ name: edge }]", /clusters\[0\]\.name: is the name of a place that every lab has/],
    ["no cluster", "clusters: []", /clusters: is empty; give it at least 1 entry/],
    ["too many nodes", "clusters: [{ name: a, nodes: 101 }]", /clusters\[0\]\.nodes: is 101; it may be 100 at most/],
    [
      "too many",
      `clusters: [${["a", "b", "c", "d", "e"].map((name) => `{ name: ${name}, nodes: 100 }`).join(", ")}]`,
      /clusters: have 500 nodes together; one machine holds 400/,
    ],
    ["twice", "clusters: [{ name: a }, { name: a }]", /clusters\[1\]\.name: is the name of clusters\[0\] as well/],
    [
      "same index",
      "clusters: [{ name: a }, { name: b, index: 1 }]",
      /clusters\[1\]\.network\.ipv4: 172\.30\.1\.0\/24 overlaps 172\.30\.1\.0\/24 \(network of a\); give it another range$/m,
    ],
    [
      "overlap",
      "clusters: [{ name: a }, { name: b, pods: { ipv4: 10.0.0.0/8 } }]",
      /clusters\[1\]\.pods\.ipv4: 10\.0\.0\.0\/8 overlaps 10\.11\.0\.0\/16 \(pods of a\); .*allowOverlap: true/,
    ],
    [
      "no range",
      "clusters: [{ name: a, pods: { ipv4: 10.0.0/8 } }]",
      /clusters\[0\]\.pods\.ipv4: "10\.0\.0" is no IP address/,
    ],
    ["no length", "edge: { ipv4: 10.0.0.0 }", /edge\.ipv4: must have a length, as in `10\.0\.0\.0\/24`/],
    [
      "too small",
      "clusters: [{ name: a, pods: { ipv4: 10.0.0.0/20 } }]",
      /has 4096 addresses; pods of up to 100 nodes need \/17 or shorter/,
    ],
    ["wrong family", "edge: { ipv4: 'fd00::/64' }", /edge\.ipv4: must be IPv4/],
    ["no list", "clusters: 3", /clusters: is 3; give it a list/],
  ];
  for (const [name, text, message] of table) {
    assert.throws(() => parseTopology(text, "lab.yaml"), { name: "ConfigError", message }, name);
  }
  assert.throws(() => loadTopology("/absent.yaml"), { name: "ConfigError", message: /absent\.yaml: cannot be read/ });
  assert.throws(() => parseTopology("#".repeat(2 ** 20 + 1), "f"), /has 1048577 characters/);
  assert.throws(() => parseTopology(bomb(), "f"), { name: "ConfigError" });
});

/** Aliases of aliases: a few lines that would be a billion. */
function bomb(): string {
  const lines = Array.from(
    { length: 9 },
    (_, at) => `a${at + 1}: &a${at + 1} [${Array(9).fill(`*a${at}`).join(", ")}]`,
  );
  return `a0: &a0 [x]\n${lines.join("\n")}\n`;
}

test("clusters may have the same pods and services when that is asked for, never the same machines", () => {
  const same = "{ name: b, pods: { ipv4: 10.11.0.0/16 }, services: { ipv6: 'fd96:1::/112' } }";
  const { clusters } = parseTopology(`{ allowOverlap: true, clusters: [{ name: a }, ${same}] }`, "f");
  assert.equal(clusters[1]?.pods.ipv4, clusters[0]?.pods.ipv4);
  const inside = "clusters: [{ name: a, pods: { ipv4: 10.96.0.0/16 } }]";
  for (const text of [inside, "clusters: [{ name: a }, { name: b, index: 1 }]", "edge: { ipv4: 172.30.2.0/24 }"]) {
    assert.throws(() => parseTopology(`allowOverlap: true\n${text}`, "f"), /overlaps/);
  }
});

test("ranges are divided, counted and compared", () => {
  assert.equal(subrange("10.11.0.0/16", 24, 2), "10.11.2.0/24");
  assert.equal(subrange("10.11.0.0/16", 16, 0), "10.11.0.0/16");
  assert.equal(subrange("fd10:1::/32", 48, digits(12)), "fd10:1:12::/48");
  assert.throws(() => subrange("10.11.0.0/16", 24, 256), /10\.11\.0\.0\/16 has no range 256 of length 24/);
  assert.throws(() => subrange("10.11.0.0/16", 8, 0), RangeError);
  assert.equal(addressAt("172.30.1.0/24", 254), "172.30.1.254");
  assert.equal(addressAt("fd30::1:0/112", digits(11)), "fd30::1:11");
  assert.throws(() => addressAt("172.30.1.0/24", 256), /has no address 256/);
  assert.equal(withLength("172.30.1.0/24", "172.30.1.11"), "172.30.1.11/24");
  const table: [string, string, boolean][] = [
    ["10.0.0.0/8", "10.11.0.0/16", true],
    ["10.11.0.0/16", "10.0.0.0/8", true],
    ["10.11.0.0/16", "10.12.0.0/16", false],
    ["0.0.0.0/0", "::/0", false],
    ["::/0", "fd10::/16", true],
  ];
  for (const [a, b, expected] of table) assert.equal(overlap(parseRange(a), parseRange(b)), expected, `${a} ${b}`);
  fc.assert(
    fc.property(fc.integer({ min: 16, max: 24 }), fc.nat(255), fc.nat(255), (length, i, j) => {
      const size = 2 ** (length - 16);
      const [a, b] = [i % size, j % size].map((index) => parseRange(subrange("10.11.0.0/16", length, index)));
      assert.equal(overlap(a!, b!), i % size === j % size);
    }),
  );
});
