import assert from "node:assert/strict";
import { test } from "node:test";
import { startApiServer } from "../apiserver/index.ts";
import { clusterSelf, endpointSlice, ingress, ingressClass, namespace, node, service, tlsSecret } from "./index.ts";

test("a service and its slice share the port's name, and the slice names its service", () => {
  const ports = [{ name: "http", port: 80, targetPort: 8080 }];
  const cart = service({ namespace: "shop", name: "cart", ports });
  assert.deepEqual(cart.spec, {
    type: "ClusterIP",
    ports: [{ name: "http", port: 80, targetPort: 8080, protocol: "TCP" }],
  });
  const slice = endpointSlice({
    namespace: "shop",
    name: "cart-1",
    service: "cart",
    endpoints: ["10.1.0.1", { address: "10.1.0.2", ready: false, terminating: true, nodeName: "n1", zone: "z" }],
    ports: [{ name: "http", port: 8080 }],
  });
  assert.deepEqual(slice.metadata, {
    namespace: "shop",
    name: "cart-1",
    labels: { "kubernetes.io/service-name": "cart" },
  });
  assert.deepEqual(slice.endpoints, [
    { addresses: ["10.1.0.1"], conditions: { ready: true, serving: true, terminating: false } },
    {
      addresses: ["10.1.0.2"],
      conditions: { ready: false, serving: false, terminating: true },
      nodeName: "n1",
      zone: "z",
    },
  ]);
  assert.deepEqual(slice.ports, [{ name: "http", port: 8080, protocol: "TCP" }]);
  assert.equal(slice.addressType, "IPv4");
  assert.equal(endpointSlice({ name: "v6", service: "cart", endpoints: ["fd10::1"] }).addressType, "IPv6");
});

test("an ingress: every host with all paths, or one rule for all hosts", () => {
  const paths = [{ service: "cart" }, { path: "/pay", type: "Exact" as const, service: "pay", port: "http" }];
  const { spec } = ingress({ name: "shop", className: "carrick", hosts: ["a.example", "b.example"], paths });
  assert.deepEqual(
    spec.rules?.map((rule) => ("host" in rule ? rule.host : "")),
    ["a.example", "b.example"],
  );
  assert.deepEqual(spec.rules?.[0]?.http.paths, [
    { path: "/", pathType: "Prefix", backend: { service: { name: "cart", port: { number: 80 } } } },
    { path: "/pay", pathType: "Exact", backend: { service: { name: "pay", port: { name: "http" } } } },
  ]);
  assert.equal(ingress({ name: "all", paths }).spec.rules?.length, 1);
  const fallback = ingress({ name: "fallback", defaultBackend: { service: "cart", port: 8080 } }).spec;
  assert.deepEqual(fallback, { defaultBackend: { service: { name: "cart", port: { number: 8080 } } } });
});

test("the API server takes all of them", async (t) => {
  const server = await startApiServer({ name: "london" });
  t.after(() => server.close());
  const made = [
    namespace({ name: "shop" }),
    node({ name: "n1", addresses: ["172.30.1.11"], podCIDRs: ["10.11.1.0/24"], zone: "a" }),
    service({ namespace: "shop", name: "cart" }),
    endpointSlice({ namespace: "shop", name: "cart-1", service: "cart", endpoints: ["10.11.1.5"] }),
    ingressClass({ name: "carrick", controller: "carrick.dev/edge", isDefault: true }),
    ingress({ namespace: "shop", name: "shop", paths: [{ service: "cart" }] }),
    tlsSecret({ namespace: "shop", name: "cert", certPem: "cert", keyPem: "key" }),
  ];
  for (const object of made) {
    const { apiVersion, kind, metadata } = server.objects.apply(object);
    const stored = server.objects.get({ apiVersion, kind, ...metadata });
    assert.equal(stored?.kind, object.kind);
  }
  assert.throws(() => server.objects.apply(clusterSelf({ drain: true })), { code: 404 });
});
