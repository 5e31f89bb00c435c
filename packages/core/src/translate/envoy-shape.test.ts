import assert from "node:assert/strict";
import { test } from "node:test";
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { type Any, anyUnpack } from "@bufbuild/protobuf/wkt";
import type { FilterChain } from "@carrick/proto/envoy/config/listener/v3/listener_components_pb.js";
import { HttpConnectionManagerSchema } from "@carrick/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js";
import { DownstreamTlsContextSchema } from "@carrick/proto/envoy/extensions/transport_sockets/tls/v3/tls_pb.js";
import * as fc from "fast-check";
import { ingress, secret, service, slice, TestWorld } from "../fixture.ts";

/** What Envoy demands of every world: where it does not hold, Envoy refuses a resource or answers wrongly. */
export function checkShape(world: TestWorld): void {
  const clusters = world.names("cluster");
  assert.deepEqual(world.names("assignment"), clusters, "every cluster has its assignment, and no other is there");
  const tables = new Set(world.names("routeTable"));
  for (const name of world.names("listener")) checkListener(world, name, tables);
  for (const name of tables) checkTable(world, name, new Set(clusters));
  for (const name of world.names("scope")) {
    const { routeConfigurationName, key } = world.resource("scope", name);
    assert.ok(tables.has(routeConfigurationName));
    assert.deepEqual(
      key?.fragments.map(({ type }) => type.value),
      [name],
    );
  }
  for (const name of clusters) {
    const { clusterName, endpoints } = world.resource("assignment", name);
    assert.equal(clusterName, name);
    const addresses = endpoints.flatMap(({ lbEndpoints }) =>
      lbEndpoints.map((one) => JSON.stringify(one.hostIdentifier)),
    );
    assert.equal(new Set(addresses).size, addresses.length, "D7: an endpoint stands once");
  }
}

function checkListener(world: TestWorld, name: string, tables: ReadonlySet<string>): void {
  const { filterChains, name: own } = world.resource("listener", name);
  assert.equal(own, name);
  assert.ok(filterChains.length > 0, "D12: a listener has filter chains");
  const serverNames = filterChains.flatMap((chain) => chain.filterChainMatch?.serverNames ?? []);
  assert.equal(new Set(serverNames).size, serverNames.length, "D11: a server name stands once");
  const scopes = new Set(world.names("scope"));
  const secrets = new Set(world.names("secret"));
  for (const chain of filterChains) {
    assert.equal(chain.filterChainMatch === undefined, name === "http");
    const { routeSpecifier, httpFilters } = managerOf(chain);
    if (routeSpecifier.case === "rds") assert.ok(tables.has(routeSpecifier.value.routeConfigName));
    else {
      assert.equal(routeSpecifier.case, "scopedRoutes");
      assert.equal(httpFilters.length, 2, "a filter chooses among tables");
      assert.ok(scopes.size > 0);
    }
    for (const secret of secretsOf(chain)) assert.ok(secrets.has(secret), `no secret ${secret}`);
  }
}

function managerOf(chain: FilterChain) {
  const [filter] = chain.filters;
  assert.ok(filter?.configType.case === "typedConfig");
  return unpack(filter.configType.value, HttpConnectionManagerSchema);
}

function secretsOf(chain: FilterChain): string[] {
  const config = chain.transportSocket?.configType;
  if (config?.case !== "typedConfig") return [];
  const { commonTlsContext } = unpack(config.value, DownstreamTlsContextSchema);
  return (commonTlsContext?.tlsCertificateSdsSecretConfigs ?? []).map(({ name }) => name);
}

function unpack<Desc extends DescMessage>(any: Any, schema: Desc): MessageShape<Desc> {
  const message = anyUnpack(any, schema);
  assert.ok(message, `${any.typeUrl} is no ${schema.typeName}`);
  return message;
}

function checkTable(world: TestWorld, name: string, clusters: ReadonlySet<string>): void {
  const { virtualHosts, ignorePortInHostMatching } = world.resource("routeTable", name);
  assert.ok(ignorePortInHostMatching);
  const domains = virtualHosts.flatMap((host) => host.domains);
  assert.equal(new Set(domains).size, domains.length, `${name}: a domain stands once`);
  assert.equal(new Set(virtualHosts.map((host) => host.name)).size, virtualHosts.length, `${name}: so does a name`);
  for (const { action, match } of virtualHosts.flatMap((host) => host.routes)) {
    const target = action.case === "route" ? action.value.clusterSpecifier : undefined;
    if (target?.case === "cluster") assert.ok(clusters.has(target.value), `D13: ${name} names ${target.value}`);
    const path = match?.pathSpecifier;
    if (path?.case === "pathSeparatedPrefix") assert.match(path.value, /^[^?#]+[^?#/]$/, "Envoy's own rule");
  }
}

const HOSTS = ["a.example", "b.example", "*.example.org", "c.example.org", ""];

test("whatever Ingresses, Services and certificates there are, what Envoy demands holds", () => {
  const host = fc.constantFrom(...HOSTS);
  const paths = fc.array(fc.constantFrom("/ web:http", "/a web:80", "=/a api:http", "/b none:http"), { maxLength: 3 });
  const spec = fc.record({
    rules: fc.dictionary(host, paths, { maxKeys: 3 }),
    tls: fc.dictionary(fc.constantFrom("one", "two", "none"), fc.array(host, { maxLength: 2 }), { maxKeys: 2 }),
    day: fc.integer({ min: 1, max: 3 }),
  });
  const names = fc.uniqueArray(fc.constantFrom("a.example", "b.example", "*.example.org", "c.example.org"), {
    minLength: 1,
  });
  const one = fc.record({ ingresses: fc.array(spec, { maxLength: 3 }), one: names, two: names });
  const step = fc.record({ london: one, paris: one });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 3 }), fc.boolean(), (steps, httpsRedirect) => {
      const world = new TestWorld(["london", "paris"], { httpsRedirect });
      for (const state of steps) {
        for (const cluster of ["london", "paris"] as const) {
          const { ingresses, one, two } = state[cluster];
          world.write(
            cluster,
            service("shop/web"),
            slice("shop/web", [cluster === "london" ? "10.1.0.1" : "10.2.0.1", "10.3.0.1 notReady"]),
            secret("shop/one", one, "1", 1),
            secret("shop/two", two, "2", 2),
            ...ingresses.map((ingressSpec, i) => ingress(`shop/i${i}`, ingressSpec)),
          );
          for (let i = ingresses.length; i < 3; i++) world.remove(cluster, "Ingress", `shop/i${i}`);
        }
        checkShape(world);
      }
    }),
    { numRuns: 500 },
  );
});
