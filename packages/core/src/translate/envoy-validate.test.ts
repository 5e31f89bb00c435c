import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ingress, secret, service, slice, TestWorld } from "../fixture.ts";
import { edgeArguments, edgeBootstrap, type JsonObject } from "./bootstrap.ts";
import type { TYPE } from "./index.ts";

const ENVOY = process.env["ENVOY"] || fileURLToPath(new URL("../../../../.tool/envoy", import.meta.url));

/** For the files of one run of the tests. */
export const FOLDER = mkdtempSync(join(tmpdir(), "carrick-envoy-validate-"));
after(() => rmSync(FOLDER, { recursive: true, force: true }));

// A pair that guards nothing: Envoy reads the files when it validates.
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBiDCCAS+gAwIBAgIURKWdKTaToubAb2LLmLjzvhtTi8owCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOYm9vdHN0cmFwLnRlc3QwIBcNMjYxMTI1MTQ0MzI1WhgPMjEy
NjExMDExNDQzMjVaMBkxFzAVBgNVBAMMDmJvb3RzdHJhcC50ZXN0MFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEL99GToAdBpKj2VZoq5zM0ZSZ6qnM4BfQoHK3Js/H
aXwZQIgnjBCXj4uZbRbMs/Xm9DfTkat9tKmiqzQHQIIJ0aNTMFEwHQYDVR0OBBYE
FByxT1LQY/P1ITIZzmWWTD6JRJQhMB8GA1UdIwQYMBaAFByxT1LQY/P1ITIZzmWW
TD6JRJQhMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgWzJm2Dlz
uVBXFp7ZRpoNepcB5y+9ifqc1BSVKwsb0K8CIDmNjZC+1y23YILiktih7we68Y0+
rNeEq5qvJaQXpI0f
-----END CERTIFICATE-----
`;
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgFk19OIH62f/5oiHN
LeGSuE+YzymUP9S5lzb1vFKglwihRANCAAQv30ZOgB0GkqPZVmirnMzRlJnqqczg
F9Cgcrcmz8dpfBlAiCeMEJePi5ltFsyz9eb0N9ORq320qaKrNAdAggnR
-----END PRIVATE KEY-----
`;

export const TLS_FILES = {
  certificate: join(FOLDER, "tls.crt"),
  key: join(FOLDER, "tls.key"),
  authority: join(FOLDER, "tls.crt"),
};
writeFileSync(TLS_FILES.certificate, CERTIFICATE);
writeFileSync(TLS_FILES.key, KEY, { mode: 0o600 });

/** What the real Envoy says of a bootstrap: `OK`, or its complaints and warnings. */
export function validate(bootstrap: JsonObject): { readonly status: number | null; readonly said: string } {
  const path = join(FOLDER, "bootstrap.json");
  writeFileSync(path, JSON.stringify(bootstrap));
  const { status, stdout, stderr, error } = spawnSync(ENVOY, [...edgeArguments(path), "--mode", "validate"], {
    encoding: "utf8",
  });
  assert.ifError(error);
  return { status, said: `${stdout}${stderr}`.trim().replace(`configuration '${path}' `, "") };
}

/** A bootstrap with everything that a world serves: listeners and clusters as they are, tables in listeners of their own. */
function withResources(world: TestWorld): JsonObject {
  const all = (type: keyof typeof TYPE) => world.names(type).map((name) => world.json(type, name));
  const { static_resources, ...bootstrap } = edgeBootstrap({
    node: { id: "edge-1", cluster: "public" },
    controllers: [{ address: "127.0.0.1", port: 18000 }],
    serverName: "controller.carrick.test",
    tls: TLS_FILES,
  });
  const { clusters } = static_resources as { readonly clusters: readonly unknown[] };
  const tables = all("routeTable").map((table, i) => ({
    name: `table ${i}`,
    address: { socket_address: { address: "127.0.0.1", port_value: 20_000 + i } },
    filter_chains: [{ filters: [managerWith(table)] }],
  }));
  return {
    ...bootstrap,
    static_resources: { clusters: [...clusters, ...all("cluster")], listeners: [...all("listener"), ...tables] },
  };
}

function managerWith(table: unknown): JsonObject {
  const http = "type.googleapis.com/envoy.extensions.filters";
  return {
    name: "envoy.filters.network.http_connection_manager",
    typed_config: {
      "@type": `${http}.network.http_connection_manager.v3.HttpConnectionManager`,
      stat_prefix: "table",
      route_config: table,
      http_filters: [{ name: "router", typed_config: { "@type": `${http}.http.router.v3.Router` } }],
    },
  };
}

describe("the real Envoy accepts everything that is served", () => {
  for (const hosts of [2, 70]) {
    for (const httpsRedirect of [false, true]) {
      test(`${hosts} hosts, ${httpsRedirect ? "redirected to TLS" : "plain and TLS"}`, () => {
        const world = new TestWorld(["london", "paris"], { httpsRedirect });
        for (const [i, cluster] of ["london", "paris"].entries()) {
          world.write(
            cluster,
            service("shop/web"),
            slice("shop/web", [`10.${i}.0.1`, `10.${i}.0.2`]),
            secret("shop/cert", ["*.shop.example", "certificate", "other.example"]),
            ...Array.from({ length: hosts }, (_, n) =>
              ingress(`shop/host-${n}`, {
                rules: { [`host-${n}.shop.example`]: ["/ web:http", "=/a web:80", "/b/ web:http", "/gone gone:80"] },
                tls: { cert: [] },
              }),
            ),
            ingress("shop/rest", {
              rules: { "*.shop.example": ["/ web:http"], certificate: ["/ web:80"], "": ["/default web:80"] },
              tls: { cert: [] },
              fallback: "web:http",
            }),
          );
        }
        assert.deepEqual(validate(withResources(world)), { status: 0, said: "OK" });
      });
    }
  }

  test("and no table with one domain twice: the check can fail", () => {
    const world = new TestWorld(["london"]);
    const bootstrap = withResources(world) as { static_resources: { listeners: unknown[] } };
    const host = { name: "a", domains: ["a.example"], routes: [] };
    bootstrap.static_resources.listeners.push({
      name: "wrong",
      address: { socket_address: { address: "127.0.0.1", port_value: 19_999 } },
      filter_chains: [{ filters: [managerWith({ virtual_hosts: [host, { ...host, name: "b" }] })] }],
    });
    const { status, said } = validate(bootstrap);
    assert.equal(status, 1);
    assert.match(said, /unique/);
  });
});
