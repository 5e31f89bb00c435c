import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { edgeBootstrap, type EdgeBootstrapOptions, edgeSecretFiles } from "./bootstrap.ts";
import { FOLDER, TLS_FILES, validate } from "./envoy-validate.test.ts";

const rotated = { ...TLS_FILES, secrets: FOLDER };
for (const [name, file] of Object.entries(edgeSecretFiles(rotated))) {
  writeFileSync(join(FOLDER, name), JSON.stringify(file));
}

const options: EdgeBootstrapOptions = {
  node: { id: "edge-1", cluster: "public" },
  controllers: [
    { address: "127.0.0.1", port: 18000 },
    { address: "::1", port: 18000 },
  ],
  serverName: "controller.carrick.test",
  tls: TLS_FILES,
};

describe("the real Envoy accepts", () => {
  const cases: Record<string, EdgeBootstrapOptions> = {
    "addresses, PEM files": options,
    "host names, certificates that rotate, admin on a socket, bounded heap": {
      ...options,
      controllers: [
        { address: "carrick.example", port: 18000 },
        { address: "127.0.0.1", port: 18001 },
      ],
      tls: rotated,
      admin: { path: join(FOLDER, "admin.sock") },
      maxConnections: 100,
      maxHeapBytes: 1 << 30,
      statsPrefixes: ["cluster."],
    },
    "a SPIFFE name, admin on the loopback": {
      ...options,
      serverName: "spiffe://carrick.test/cluster/london/controller",
      tls: rotated,
      admin: { address: "127.0.0.1", port: 19000 },
    },
  };
  for (const [name, given] of Object.entries(cases)) {
    test(name, () => {
      // A deprecated field is a warning: that is a failure too.
      assert.deepEqual(validate(edgeBootstrap(given)), { status: 0, said: "OK" });
    });
  }

  test("no field that it does not know: the check can fail", () => {
    const { status, said } = validate({ ...edgeBootstrap(options), no_such_field: 1 });
    assert.equal(status, 1);
    assert.match(said, /no_such_field/);
  });
});

test("controllers by address are a static cluster, one by name makes it DNS", () => {
  const clusterOf = (given: EdgeBootstrapOptions) => {
    const { clusters } = edgeBootstrap(given)["static_resources"] as { clusters: [Record<string, unknown>] };
    return clusters[0];
  };
  assert.equal(clusterOf(options)["type"], "STATIC");
  const named = clusterOf({ ...options, controllers: [...options.controllers, { address: "carrick", port: 1 }] });
  assert.equal(named["type"], "STRICT_DNS");
  assert.deepEqual(named["load_assignment"], {
    cluster_name: "carrick",
    endpoints: [
      {
        lb_endpoints: [
          ["127.0.0.1", 18000],
          ["::1", 18000],
          ["carrick", 1],
        ].map(([address, port_value]) => ({ endpoint: { address: { socket_address: { address, port_value } } } })),
      },
    ],
  });
});

test("waiting for the controllers has no bound, and everything comes by one delta stream", () => {
  const { ads_config, ...configs } = edgeBootstrap(options)["dynamic_resources"] as Record<string, unknown>;
  const patient = { ads: {}, resource_api_version: "V3", initial_fetch_timeout: "0s" };
  assert.deepEqual(configs, { lds_config: patient, cds_config: patient });
  assert.deepEqual(ads_config, {
    api_type: "DELTA_GRPC",
    transport_api_version: "V3",
    set_node_on_first_message_only: true,
    grpc_services: [
      {
        envoy_grpc: {
          cluster_name: "carrick",
          retry_policy: { retry_back_off: { base_interval: "0.1s", max_interval: "1s" } },
        },
      },
    ],
  });
});

test("a secret file watches the folder of its PEM file", () => {
  const tls = { certificate: "/pki/live/tls.crt", key: "/pki/live/tls.key", authority: "/ca.crt", secrets: "/sds" };
  const [[certificate], [authority]] = Object.values(edgeSecretFiles(tls)).map((file) => file["resources"]) as [
    [{ tls_certificate: unknown }],
    [{ validation_context: unknown }],
  ];
  assert.deepEqual(certificate.tls_certificate, {
    certificate_chain: { filename: "/pki/live/tls.crt" },
    private_key: { filename: "/pki/live/tls.key" },
    watched_directory: { path: "/pki/live" },
  });
  assert.deepEqual(authority.validation_context, {
    trusted_ca: { filename: "/ca.crt" },
    watched_directory: { path: "/" },
  });
});
