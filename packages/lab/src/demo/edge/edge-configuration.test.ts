import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfiguration, readEndpoints } from "./edge-configuration.ts";
import { compare } from "./steps/held.ts";

test("a configuration dump is read as versions by name; what did not come by xDS is left out", () => {
  const dump = {
    configs: [
      { "@type": "…BootstrapConfigDump", bootstrap: {} },
      {
        static_clusters: [{ cluster: { name: "carrick" } }],
        dynamic_active_clusters: [{ version_info: "a", cluster: { name: "web" } }],
      },
      { dynamic_listeners: [{ name: "http", active_state: { version_info: "b" } }] },
      { dynamic_route_configs: [{ version_info: "c", route_config: { name: "http-1" } }] },
      { dynamic_scoped_route_configs: [{ name: "scopes", version_info: "d" }] },
      { dynamic_active_secrets: [{ name: "pay", version_info: "e" }] },
    ],
  };
  assert.deepEqual(
    [...readConfiguration(dump)],
    [
      ["dynamic_active_clusters web", "a"],
      ["dynamic_listeners http", "b"],
      ["dynamic_route_configs http-1", "c"],
      ["dynamic_scoped_route_configs scopes", "d"],
      ["dynamic_active_secrets pay", "e"],
    ],
  );
  assert.equal(readConfiguration(undefined).size, 0);
});

test("the endpoints of each upstream are sorted addresses", () => {
  const host = (address: string) => ({ address: { socket_address: { address, port_value: 80 } } });
  const clusters = {
    cluster_statuses: [{ name: "web", host_statuses: [host("127.0.0.2"), host("127.0.0.1")] }, { name: "none" }],
  };
  assert.deepEqual(
    [...readEndpoints(clusters)],
    [
      ["web", ["127.0.0.1:80", "127.0.0.2:80"]],
      ["none", []],
    ],
  );
});

test("what an Envoy holds is compared by name and version", () => {
  const before = new Map([
    ["a", "1"],
    ["b", "1"],
    ["c", "1"],
  ]);
  assert.deepEqual(compare(before, before), { lost: 0, changed: 0, added: 0 });
  assert.deepEqual(
    compare(
      before,
      new Map([
        ["b", "1"],
        ["c", "2"],
        ["d", "1"],
      ]),
    ),
    { lost: 1, changed: 1, added: 1 },
  );
});
