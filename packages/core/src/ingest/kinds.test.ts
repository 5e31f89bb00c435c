import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cluster, ingress, RULES, secret, service, slice } from "../fixture.ts";
import { absentSecret, accept, ingest, type KubeObject } from "./index.ts";

/** Problems as `code path`. */
function problems(row: { readonly problems?: readonly { readonly code: string; readonly path: string }[] }): string[] {
  return (row.problems ?? []).map(({ code, path }) => `${code} ${path}`);
}

/** An object with its `spec` (or the whole) changed. */
function changed(object: KubeObject, change: KubeObject): KubeObject {
  return { ...object, ...change };
}

describe("Ingress", () => {
  const read = (object: KubeObject) => ingest("Ingress", "london", object, RULES);
  const withPath = (path: KubeObject) =>
    read(changed(ingress("shop/web", {}), { spec: { rules: [{ host: "a.example", http: { paths: [path] } }] } }));
  const backend = { service: { name: "web", port: { number: 80 } } };

  test("rules, TLS, default backend, class, age", () => {
    const row = read(
      ingress("shop/web", {
        rules: { "Shop.example": ["/ web:http", "=/x web:80"], "": ["/ web:80"] },
        tls: { cert: ["SHOP.example"], other: [] },
        fallback: "rest:81",
        day: 2,
      }),
    );
    assert.deepEqual(row, {
      cluster: "london",
      namespace: "shop",
      name: "web",
      resourceVersion: "1",
      className: "carrick",
      classByAnnotation: false,
      created: Date.parse("2025-01-02T00:00:00Z"),
      rules: [
        {
          host: "shop.example",
          paths: [
            { type: "Prefix", path: "/", backend: { service: "web", port: "http" }, at: "spec.rules[0].http.paths[0]" },
            { type: "Exact", path: "/x", backend: { service: "web", port: 80 }, at: "spec.rules[0].http.paths[1]" },
          ],
        },
        {
          host: "*",
          paths: [
            { type: "Prefix", path: "/", backend: { service: "web", port: 80 }, at: "spec.rules[1].http.paths[0]" },
          ],
        },
      ],
      defaultBackend: { service: "rest", port: 81 },
      tls: [
        { hosts: ["shop.example"], secret: "cert", at: "spec.tls[0]" },
        { hosts: [], secret: "other", at: "spec.tls[1]" },
      ],
    });
  });

  test("the annotation of the class goes before the field", () => {
    const row = read(ingress("shop/web", { annotation: "other", fallback: "web:80" }));
    assert.deepEqual([row.className, row.classByAnnotation], ["other", true]);
  });

  test("two rules for one host are one", () => {
    const rule = (path: string) => ({ host: "a.example", http: { paths: [{ path, pathType: "Exact", backend }] } });
    const row = read(changed(ingress("shop/web", {}), { spec: { rules: [rule("/a"), rule("/b")] } }));
    assert.deepEqual(
      row.rules.map(({ host, paths }) => [host, paths.map(({ path }) => path)]),
      [["a.example", ["/a", "/b"]]],
    );
  });

  test("ImplementationSpecific is a prefix, and may leave the path out", () => {
    const [rule] = withPath({ pathType: "ImplementationSpecific", backend }).rules;
    assert.deepEqual(
      rule?.paths.map(({ type, path }) => [type, path]),
      [["Prefix", "/"]],
    );
  });

  for (const [what, path, expected] of [
    ["no path", { pathType: "Prefix", backend }, "InvalidPath spec.rules[0].http.paths[0].path"],
    ["a path that is none", { path: "a", pathType: "Prefix", backend }, "InvalidPath spec.rules[0].http.paths[0].path"],
    ["no type", { path: "/", backend }, "InvalidPath spec.rules[0].http.paths[0].pathType"],
    ["an unknown type", { path: "/", pathType: "Regex", backend }, "InvalidPath spec.rules[0].http.paths[0].pathType"],
    [
      "a resource backend",
      { path: "/", pathType: "Exact", backend: { resource: { kind: "Bucket", name: "b" } } },
      "InvalidBackend spec.rules[0].http.paths[0].backend.resource",
    ],
    [
      "a backend without a service",
      { path: "/", pathType: "Exact", backend: {} },
      "InvalidBackend spec.rules[0].http.paths[0].backend.service.name",
    ],
    [
      "a port beyond 65535",
      { path: "/", pathType: "Exact", backend: { service: { name: "web", port: { number: 65536 } } } },
      "InvalidValue spec.rules[0].http.paths[0].backend.service.port.number",
    ],
  ] as const) {
    test(`${what} is said on its path, and the rule is left out`, () => {
      const row = withPath(path);
      assert.deepEqual([problems(row), row.rules], [[expected], []]);
    });
  }

  test("a service whose name could be read as another key is refused", () => {
    const row = withPath({
      path: "/",
      pathType: "Exact",
      backend: { service: { name: "a@b+c", port: { number: 1 } } },
    });
    assert.deepEqual(row.rules, []);
    assert.match(row.problems?.[0]?.message ?? "", /"a@b\+c" is no name/);
  });

  test("a host of 300 characters leaves its rule out and the others in", () => {
    const row = read(ingress("shop/web", { rules: { ["a".repeat(300)]: ["/ web:80"], "b.example": ["/ web:80"] } }));
    assert.deepEqual(problems(row), ["InvalidHost spec.rules[0].host"]);
    assert.deepEqual(
      row.rules.map(({ host }) => host),
      ["b.example"],
    );
  });

  test("an Ingress that routes nothing says so", () => {
    assert.deepEqual(problems(read(ingress("shop/web", {}))), ["InvalidValue spec"]);
    assert.deepEqual(problems(read(ingress("shop/web", { rules: { "a.example": [] } }))), ["InvalidValue spec"]);
  });

  test("TLS without a Secret, or for a host that is none", () => {
    const row = read(
      ingress("shop/web", { fallback: "web:80", tls: { "": ["a.example"], cert: ["a.example", "b:80"] } }),
    );
    assert.deepEqual(problems(row), ["InvalidValue spec.tls[0].secretName", "InvalidHost spec.tls[1].hosts[1]"]);
    assert.deepEqual(row.tls, [{ hosts: ["a.example"], secret: "cert", at: "spec.tls[1]" }]);
  });

  test("10,000 hosts: the first 500 are used, and that is said", () => {
    const rules = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`h${i}.example`, ["/ web:80"]]));
    const row = read(ingress("shop/web", { rules }));
    assert.deepEqual([row.rules.length, problems(row)], [500, ["TooMany spec.rules"]]);
    assert.match(row.problems?.[0]?.message ?? "", /10000 items, of which the first 500 are used/);
  });

  test("paths are bounded over all rules", () => {
    const paths = Array.from({ length: 450 }, (_, i) => `/p${i} web:80`);
    const rules = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`h${i}.example`, paths]));
    const row = read(ingress("shop/web", { rules }));
    assert.deepEqual(
      row.rules.map(({ paths }) => paths.length),
      [450, 450, 450, 450, 200],
    );
    assert.deepEqual(problems(row), ["TooMany spec.rules"]);
  });
});

describe("EndpointSlice", () => {
  const read = (object: KubeObject) => ingest("EndpointSlice", "london", object, RULES);

  for (const [conditions, expected] of [
    [undefined, "ready"],
    [{}, "ready"],
    [{ ready: null }, "ready"],
    [{ ready: true }, "ready"],
    [{ ready: false }, "notReady"],
    [{ ready: true, serving: true, terminating: false }, "ready"],
    [{ ready: false, serving: true, terminating: true }, "draining"],
    [{ ready: false, serving: false, terminating: true }, "notReady"],
    [{ ready: false, terminating: true }, "notReady"],
    [{ ready: true, terminating: true }, "draining"],
    [{ ready: false, serving: true, terminating: false }, "notReady"],
    [{ ready: false, serving: true }, "notReady"],
    ["garbage", "ready"],
  ] as const) {
    test(`${JSON.stringify(conditions)} is ${expected}`, () => {
      const row = read(
        changed(slice("shop/web", ["10.0.0.1"]), { endpoints: [{ addresses: ["10.0.0.1"], conditions }] }),
      );
      assert.equal(row.endpoints[0]?.condition, expected);
    });
  }

  test("an endpoint that is wrong is left out, the others stand", () => {
    const row = read(slice("shop/web", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "10.0.0.1", "nonsense"]));
    assert.deepEqual(
      row.endpoints.map(({ address, pod }) => [address, pod]),
      [["10.0.0.1", "web-0"]],
    );
    assert.deepEqual(problems(row), [
      "UnsafeAddress endpoints[1].addresses[0]",
      "UnsafeAddress endpoints[2].addresses[0]",
      "InvalidValue endpoints[3]",
      "UnsafeAddress endpoints[4].addresses[0]",
    ]);
  });

  test("IPv6, one address in two spellings is one", () => {
    const row = read(slice("shop/web", ["fd00::1", "fd00:0::1"]));
    assert.deepEqual(
      row.endpoints.map(({ address }) => address),
      ["fd00::1"],
    );
  });

  test("of names nothing is known: its endpoints are not used", () => {
    const row = read(changed(slice("shop/web", ["10.0.0.1"]), { addressType: "FQDN" }));
    assert.deepEqual([row.endpoints, problems(row)], [[], ["InvalidValue addressType"]]);
  });

  test("of a version with wrong endpoints the right part is used, not the version before", () => {
    const before = read(slice("shop/web", ["10.0.0.1", "10.0.0.2"]));
    const after = accept("EndpointSlice", before, read(slice("shop/web", ["10.0.0.2", "127.0.0.1"])));
    assert.deepEqual(
      after.endpoints.map(({ address }) => address),
      ["10.0.0.2"],
    );
  });
});

describe("Service", () => {
  const read = (object: KubeObject) => ingest("Service", "london", object, RULES);

  test("type and ports", () => {
    const row = read(service("shop/web", ["http:80", "9000"], "LoadBalancer"));
    assert.equal(row.type, "LoadBalancer");
    assert.deepEqual(row.ports, [
      { name: "http", port: 80, protocol: "TCP", appProtocol: "" },
      { name: "", port: 9000, protocol: "TCP", appProtocol: "" },
    ]);
  });

  test("what is wrong is left out and said", () => {
    const ports = [{ port: 0 }, { port: 80, protocol: "QUIC" }, { port: 80, name: "A@b" }, { port: 81 }];
    const row = read(changed(service("shop/web"), { spec: { type: "Magic", ports, clusterIP: "None" } }));
    assert.deepEqual(
      row.ports.map(({ port }) => port),
      [81],
    );
    assert.deepEqual([row.type, row.clusterIps], ["ClusterIP", []]);
    assert.deepEqual(problems(row), [
      "InvalidValue spec.type",
      "InvalidValue spec.ports[0].port",
      "InvalidValue spec.ports[1].protocol",
      "InvalidValue spec.ports[2].name",
    ]);
  });
});

describe("Secret", () => {
  const read = (object: KubeObject) => ingest("Secret", "london", object, RULES);
  const data = (certificate: string, key: string) => ({ data: { "tls.crt": btoa(certificate), "tls.key": btoa(key) } });

  test("a pair that belongs together", () => {
    const row = read(secret("shop/cert", ["Shop.example", "*.shop.example", "shop.example"], "7", 3));
    assert.deepEqual(
      [row.names, row.fingerprint !== "", row.problems],
      [["*.shop.example", "shop.example"], true, undefined],
    );
    assert.equal(row.key.reveal(), "key:7");
    assert.equal(JSON.stringify(row).includes("key:7"), false);
  });

  for (const [what, change, path] of [
    ["no data", { data: undefined }, 'data["tls.crt"]'],
    ["an empty key", data("cert:a.example:1", ""), 'data["tls.key"]'],
    ["a key that does not fit", data("cert:a.example:1", "key:2"), "data"],
    ["a certificate without a DNS name", data("cert:10.0.0.1:1", "key:1"), 'data["tls.crt"]'],
    [
      "a certificate with too many names",
      data(`cert:${Array.from({ length: 501 }, (_, i) => `h${i}`).join(",")}:1`, "key:1"),
      'data["tls.crt"]',
    ],
  ] as const) {
    test(`${what}: refused on ${path}, with nothing of the key in sight`, () => {
      const row = read(changed(secret("shop/cert", ["a.example"]), change));
      assert.deepEqual([row.certificate, row.key.reveal(), row.names, row.fingerprint], ["", "", [], ""]);
      assert.ok(problems(row).includes(`InvalidCertificate ${path}`), problems(row).join(", "));
      assert.doesNotMatch(JSON.stringify(row.problems), /key:/);
    });
  }

  test("that is not there says where it should be; what was there before is not held", () => {
    const absent = absentSecret("london", "shop", "cert");
    assert.deepEqual(absent.problems, [
      {
        code: "UnknownSecret",
        path: "",
        message: "does not exist in london; create it there with type kubernetes.io/tls, or name another.",
      },
    ]);
    assert.equal(accept("Secret", read(secret("shop/cert", ["a.example"])), absent).certificate, "");
  });
});

describe("Cluster", () => {
  const read = (spec: KubeObject) => ingest("Cluster", "london", changed(cluster({}), { spec }), RULES);

  test("drain and weight", () => {
    const row = read({ drain: true, weight: 5 });
    assert.deepEqual([row.drain, row.weight, row.problems], [true, 5, undefined]);
    assert.deepEqual([read({}).drain, read({}).weight], [false, 1]);
  });

  for (const spec of [
    { drain: "yes" },
    { weight: 0 },
    { weight: -1 },
    { weight: 1.5 },
    { weight: 1001 },
    { weight: "2" },
  ]) {
    test(`${JSON.stringify(spec)} is refused`, () => {
      const row = read(spec);
      assert.deepEqual([row.drain, row.weight, row.problems?.length], [false, 1, 1]);
    });
  }
});

describe("the other kinds", () => {
  test("Node, Namespace, Pod, IngressClass", () => {
    const node = ingest(
      "Node",
      "london",
      {
        metadata: { name: "n1", resourceVersion: "5", labels: { "topology.kubernetes.io/zone": "a" } },
        spec: { podCIDR: "10.1.0.0/24" },
        status: {
          addresses: [
            { type: "InternalIP", address: "192.0.2.1" },
            { type: "Hostname", address: "n1" },
          ],
          conditions: [{ type: "Ready", status: "True" }],
        },
      },
      RULES,
    );
    assert.deepEqual(
      [node.zone, node.addresses, node.podCidrs, node.ready],
      ["a", ["192.0.2.1"], ["10.1.0.0/24"], true],
    );
    const namespace = ingest("Namespace", "london", { metadata: { name: "shop", labels: { team: "a" } } }, RULES);
    assert.deepEqual(namespace.labels, { team: "a" });
    const pod = ingest(
      "Pod",
      "london",
      {
        metadata: { name: "web-1", namespace: "shop" },
        spec: { nodeName: "n1", serviceAccountName: "web" },
        status: { podIPs: [{ ip: "10.1.0.5" }, { ip: "fd00::5" }], podIP: "10.1.0.5" },
      },
      RULES,
    );
    assert.deepEqual([pod.node, pod.ips, pod.serviceAccount, pod.ready], ["n1", ["10.1.0.5", "fd00::5"], "web", false]);
    const name = "ingressclass.kubernetes.io/is-default-class";
    const metadata = { name: "carrick", annotations: { [name]: "true" } };
    const row = ingest("IngressClass", "london", { metadata, spec: { controller: "carrick.dev/edge" } }, RULES);
    assert.deepEqual([row.controller, row.isDefault], ["carrick.dev/edge", true]);
  });
});

describe("accept", () => {
  const read = (name: string, version: string, port: number) => {
    const object = ingress(name, { rules: { "a.example": [`/ web:${port}`] } });
    const metadata = { ...(object["metadata"] as KubeObject), resourceVersion: version };
    return ingest("Ingress", "london", { ...object, metadata }, RULES);
  };

  test("holds the last accepted version, with the problems of the newest, until one is right again", () => {
    const good = read("shop/web", "10", 80);
    const first = accept("Ingress", good, read("shop/web", "11", 0));
    assert.deepEqual([first.resourceVersion, first.heldVersion, first.rules], ["11", "10", good.rules]);
    assert.deepEqual(problems(first), ["InvalidValue spec.rules[0].http.paths[0].backend.service.port.number"]);
    const second = accept("Ingress", first, read("shop/web", "12", 99_999));
    assert.deepEqual([second.resourceVersion, second.heldVersion, second.rules], ["12", "10", good.rules]);
    const third = accept("Ingress", second, read("shop/web", "13", 81));
    assert.deepEqual([third.resourceVersion, third.heldVersion, third.problems], ["13", undefined, undefined]);
  });

  test("has nothing to hold where no version was ever right", () => {
    const bad = read("shop/web", "10", 0);
    const worse = accept("Ingress", accept("Ingress", undefined, bad), read("shop/web", "11", 0));
    assert.deepEqual([worse.resourceVersion, worse.heldVersion, worse.rules], ["11", undefined, []]);
  });
});
