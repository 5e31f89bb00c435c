import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ingress, secret, service, slice, TestWorld } from "../fixture.ts";
import { covers, serverNameCandidates } from "./certificate-names.ts";

const shop = [service("shop/web"), slice("shop/web", ["10.1.0.1"])];
const over = (host: string, name = "cert", day = 1) =>
  ingress(`shop/${name}`, { rules: { [host]: ["/ web:http"] }, tls: { [name]: [host] }, day });

function london(...objects: Parameters<TestWorld["write"]>[1][]): TestWorld {
  const world = new TestWorld(["london"]);
  world.write("london", ...shop, ...objects);
  return world;
}

/** Names of the chain that a host is placed in for TLS, and the Secret that is served there. */
function served(world: TestWorld, host: string): { names: readonly string[]; secret: string } | undefined {
  const chain = world.edge.hosts.get(host)?.tls?.chain;
  const row = chain === undefined ? undefined : world.edge.chains.get(chain);
  return row && { names: row.names, secret: row.secret };
}

/** Domains with rules of their own in the TLS tables, as `chain names: domain`. */
function domains(world: TestWorld): string[] {
  return [...world.edge.chains.entries()].flatMap(([chain, { names }]) =>
    world
      .resource("routeTable", chain)
      .virtualHosts.filter(({ name }) => name !== "|certificate" && name !== "*")
      .map(({ name }) => `${names.join(",")}: ${name}`),
  );
}

describe("a certificate", () => {
  test("serves hosts that one of its names covers", () => {
    const names = ["shop.example", "*.shop.example"];
    for (const host of ["shop.example", "a.shop.example", "*.shop.example"]) assert.ok(covers(names, host), host);
    for (const host of ["a.b.shop.example", "example", "*.example", "*.a.shop.example", "xshop.example"]) {
      assert.equal(covers(names, host), false, host);
    }
  });

  test("is the one that the Ingress names", () => {
    const world = london(over("shop.example"), secret("shop/cert", ["shop.example", "www.shop.example"]));
    assert.deepEqual(served(world, "shop.example"), {
      names: ["shop.example", "www.shop.example"],
      secret: "london/shop/cert",
    });
    assert.deepEqual(world.findings(), []);
  });

  test("of an entry without hosts serves all hosts of the Ingress; one with the host goes before", () => {
    const rules = { "a.example": ["/ web:http"], "b.example": ["/ web:http"] };
    const world = london(
      ingress("shop/web", { rules, tls: { all: [], b: ["b.example"] } }),
      secret("shop/all", ["a.example", "b.example"]),
      secret("shop/b", ["b.example"]),
    );
    assert.equal(served(world, "a.example")?.secret, "london/shop/all");
    assert.equal(served(world, "b.example")?.secret, "london/shop/b");
  });

  test("D20: comes from the Ingress' own cluster, whatever others have under that name", () => {
    const world = new TestWorld(["london", "paris"]);
    world.write("london", secret("shop/cert", ["shop.example"], "of london"));
    world.write("paris", ...shop, over("shop.example"));
    assert.equal(served(world, "shop.example"), undefined);
    assert.equal(world.edge.hosts.get("shop.example")?.pending, true);
    world.write("paris", secret("shop/cert", ["shop.example"], "of paris"));
    assert.equal(served(world, "shop.example")?.secret, "paris/shop/cert");
    const [name = ""] = world.names("secret");
    const { type } = world.resource("secret", name);
    assert.ok(type.case === "tlsCertificate");
    assert.deepEqual(type.value.privateKey?.specifier, { case: "inlineString", value: "key:of paris" });
  });

  for (const [what, object, code] of [
    ["that does not cover the host", secret("shop/cert", ["other.example"]), "CertificateNames"],
    [
      "D6: that does not fit its key",
      {
        ...secret("shop/cert", ["shop.example"]),
        data: { "tls.crt": btoa("cert:shop.example:1"), "tls.key": btoa("key:2") },
      },
      "InvalidCertificate",
    ],
  ] as const) {
    test(`${what} is not used, and the Ingress is told`, () => {
      const world = london(over("shop.example"), object);
      assert.deepEqual(
        [served(world, "shop.example"), world.edge.hosts.get("shop.example")?.pending],
        [undefined, false],
      );
      assert.deepEqual(world.findings(), [`london: Ingress shop/cert ${code} spec.tls[0].secretName`]);
    });
  }

  test("that is not there is pending until it was looked up, then said", () => {
    const world = london(over("shop.example"));
    assert.deepEqual([world.edge.hosts.get("shop.example")?.pending, world.findings()], [true, []]);
    world.absent("london", "shop/cert");
    assert.equal(world.edge.hosts.get("shop.example")?.pending, false);
    assert.deepEqual(
      world.edge.findings().map(({ problem }) => `${problem.code}: ${problem.message}`),
      [
        "UnknownSecret: Secret shop/cert cannot be used for shop.example: does not exist in london; create it there with type kubernetes.io/tls, or name another.",
      ],
    );
    world.write("london", secret("shop/cert", ["shop.example"]));
    assert.deepEqual([served(world, "shop.example")?.secret, world.findings()], ["london/shop/cert", []]);
  });

  test("of the older Ingress wins; all are told unless it is the same certificate", () => {
    const same = secret("shop/new", ["shop.example"], "1");
    const world = london(
      over("shop.example", "old", 1),
      over("shop.example", "new", 2),
      secret("shop/old", ["shop.example"], "1"),
      same,
    );
    assert.deepEqual([served(world, "shop.example")?.secret, world.findings()], ["london/shop/old", []]);
    world.write("london", secret("shop/new", ["shop.example"], "2"));
    assert.deepEqual(
      [served(world, "shop.example")?.secret, world.findings()],
      [
        "london/shop/old",
        [
          "london: Ingress shop/new CertificateConflict spec.tls[0].secretName",
          "london: Ingress shop/old CertificateConflict spec.tls[0].secretName",
        ],
      ],
    );
  });

  test("whose renewal is refused stays in force", () => {
    const world = london(over("shop.example"), secret("shop/cert", ["shop.example"], "1"));
    const before = world.versions();
    const broken = { ...secret("shop/cert", []), data: { "tls.crt": btoa("cert:shop.example:2"), "tls.key": "" } };
    world.write("london", broken);
    assert.deepEqual(world.versions(), before);
    assert.equal(world.tables.Secret.get("london/shop/cert")?.problems?.[0]?.code, "InvalidCertificate");
  });
});

describe("a filter chain", () => {
  test("is one for all certificates with the same names, and serves the oldest", () => {
    const world = london(
      over("a.example", "one"),
      over("b.example", "two"),
      secret("shop/one", ["a.example", "b.example"], "1", 2),
      secret("shop/two", ["b.example", "a.example"], "2", 1),
    );
    assert.equal(world.edge.chains.size, 1);
    assert.equal(served(world, "a.example")?.secret, "london/shop/two");
    const renewed = world.changes(() => world.write("london", secret("shop/two", ["a.example", "b.example"], "3", 1)));
    assert.deepEqual([...renewed.keys()], [`secret ${world.names("secret")[0]}`], "the listener stays");
  });

  test("D11: a server name of several chains belongs to the older, and its hosts stand where Envoy looks", () => {
    const world = london(
      over("a.example", "one"),
      over("b.example", "two"),
      secret("shop/one", ["a.example", "b.example"], "1", 1),
      secret("shop/two", ["b.example", "c.example"], "2", 2),
    );
    const listener = world.resource("listener", "https");
    assert.deepEqual(
      listener.filterChains.map(({ filterChainMatch }) => filterChainMatch?.serverNames),
      [["a.example", "b.example"], ["c.example"]],
    );
    assert.deepEqual(domains(world), ["a.example,b.example: a.example", "a.example,b.example: b.example"]);
  });

  test("a wildcard host also stands in the chain of a certificate that has one of its names", () => {
    const world = london(
      over("*.shop.example", "wild"),
      over("shop.example", "two"),
      secret("shop/wild", ["*.shop.example"]),
      secret("shop/two", ["shop.example", "www.shop.example", "www.other.example"]),
    );
    const two = "shop.example,www.other.example,www.shop.example";
    assert.deepEqual(domains(world).sort(), [
      "*.shop.example: *.shop.example",
      `${two}: shop.example`,
      `${two}: www.shop.example`,
    ]);
    world.write("london", over("www.shop.example", "two-www"), secret("shop/two-www", ["www.shop.example"], "1", 9));
    assert.deepEqual(domains(world).sort(), [
      "*.shop.example: *.shop.example",
      `${two}: shop.example`,
      `${two}: www.shop.example`,
    ]);
    assert.equal(world.edge.hosts.get("www.shop.example")?.routes.length, 1);
  });

  test("is looked for by the name, then by wildcards from the longest suffix", () => {
    assert.deepEqual(serverNameCandidates("a.b.example"), ["a.b.example", "*.b.example", "*.example"]);
    assert.deepEqual(serverNameCandidates("*.b.example"), ["*.b.example", "*.example"]);
    assert.deepEqual(serverNameCandidates("localhost"), ["localhost"]);
  });

  test("D12: without a usable certificate there is no TLS listener", () => {
    const world = london(over("shop.example"));
    world.absent("london", "shop/cert");
    assert.deepEqual([world.names("listener"), world.names("secret")], [["http"], []]);
    world.write("london", secret("shop/cert", ["shop.example"]));
    assert.deepEqual(world.names("listener"), ["http", "https"]);
    assert.equal(world.resource("listener", "https").filterChains.length, 1);
    world.remove("london", "Ingress", "shop/cert");
    assert.deepEqual(world.names("listener"), ["http"]);
  });
});
