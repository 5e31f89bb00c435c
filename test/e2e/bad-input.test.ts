/** What people get wrong: each is said in one sentence where they look, and nothing else suffers. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ingress, tlsSecret } from "@carrick/lab";
import { connectDelta, WILDCARD } from "@carrick/xds";
import { parse, stringify } from "yaml";
import { CHECKOUT } from "../../packages/lab/src/process/checkout.ts";
import { sendMany, tally } from "../../packages/lab/src/load/index.ts";
import { createAuthority, edgeName, nodeName } from "../../packages/lab/src/trust/index.ts";
import { type Bed, DOMAIN, openBed } from "./bed.ts";
import type { BedCluster } from "./cluster.ts";

const CONTROLLER = join(CHECKOUT, "build", "controller.mjs");

let bed: Bed;
let london: BedCluster;
let paris: BedCluster;

before(async () => {
  bed = await openBed({ clusters: ["london", "paris"], https: true });
  london = bed.clusters["london"]!;
  paris = bed.clusters["paris"]!;
  london.publish("web", "web.example");
  await bed.until("it is served", async () => (await bed.get("web.example")).status === 200);
});
after(() => bed?.[Symbol.asyncDispose]());

/** Sentences of the status on an object, `<path>: <sentence>`. */
async function said(cluster: string, kind: string, name: string): Promise<string[]> {
  const { problems } = await bed.replica.status();
  return problems
    .filter(({ object }) => object.cluster === cluster && object.kind === kind && object.name === name)
    .map(({ problem }) => `${problem.path}: ${problem.message}`);
}

async function isSaid(cluster: string, name: string, pattern: RegExp, kind = "Ingress"): Promise<void> {
  await bed.until(`${cluster} ${kind} ${name} has a problem like ${pattern}`, async () =>
    (await said(cluster, kind, name)).some((sentence) => pattern.test(sentence)),
  );
}

test("the same path with different services in two clusters: the older wins, both are told", async () => {
  london.publish("older", "contested.example");
  await bed.until("the older is served", async () => (await bed.get("contested.example")).cluster === "london");
  // Creation times have seconds: an equal one is decided by the name of the cluster, which is london's as well.
  paris.publish("younger", "contested.example");
  await isSaid("paris", "younger", /paths\[0\].*goes to shop\/older:http because london: Ingress shop\/older is older/);
  await isSaid("london", "older", /paths\[0\].*is also claimed by paris: Ingress shop\/younger/);
  const { clusters, failed } = tally(await sendMany([bed.target("contested.example")], 50));
  assert.equal(failed, 0);
  assert.deepEqual([...clusters.keys()], ["london"]);
});

test("different certificates for one host: the older Ingress' is served, both are told", async () => {
  for (const cluster of [london, paris]) {
    const { certPem, keyPem } = await bed.authority.issue({
      dnsNames: ["certs.example", `${cluster.name}.certs.example`],
    });
    cluster.apply(tlsSecret({ name: "certs", namespace: "shop", certPem, keyPem }));
    cluster.publish("certs", "certs.example", { tls: [{ secretName: "certs", hosts: ["certs.example"] }] });
  }
  await isSaid(
    "paris",
    "certs",
    /certs\.example is served with the certificate that london: Ingress shop\/certs names/,
  );
  await isSaid("london", "certs", /paris: Ingress shop\/certs names another certificate for certs\.example/);
  await bed.until("it is served over TLS", async () => (await bed.getSecure("certs.example")).status === 200);
});

test("no host takes what no other host takes; an unknown class, Service, port name and Secret are named", async () => {
  london.apply(
    ingress({ name: "hostless", namespace: "shop", className: "carrick", paths: [{ service: "web", port: "http" }] }),
    ingress({
      name: "classless",
      namespace: "shop",
      className: "carick",
      hosts: ["a.example"],
      paths: [{ service: "web" }],
    }),
    ingress({
      name: "serviceless",
      namespace: "shop",
      className: "carrick",
      hosts: ["b.example"],
      paths: [{ service: "wbe" }],
    }),
    ingress({
      name: "portless",
      namespace: "shop",
      className: "carrick",
      hosts: ["c.example"],
      paths: [{ service: "web", port: "https" }],
    }),
    ingress({
      name: "secretless",
      namespace: "shop",
      className: "carrick",
      hosts: ["d.example"],
      paths: [{ service: "web", port: "http" }],
      tls: [{ secretName: "absent" }],
    }),
  );
  await isSaid(
    "london",
    "classless",
    /names class "carick", which is neither an IngressClass of london nor a class that an edge serves \(carrick\)/,
  );
  await isSaid("london", "serviceless", /names Service shop\/wbe, which does not exist in london/);
  await isSaid("london", "portless", /names port https of Service shop\/web in london, which has http/);
  await isSaid("london", "secretless", /Secret shop\/absent cannot be used/);
  await bed.until("the default host is served", async () => (await bed.get("anything.example")).status === 200);
  assert.equal((await bed.get("b.example")).status, 503);
  assert.equal((await bed.get("c.example")).status, 503);
  assert.equal((await bed.get("d.example")).status, 200);
  assert.equal((await bed.get("web.example")).status, 200);
  london.remove("Ingress", "hostless");
});

test("credentials that expire are said, what was read stays, and new ones are used at once", async () => {
  const name = "paris";
  paris.publish("steady", "steady.example");
  await bed.until("it is served", async () => (await bed.get("steady.example")).status === 200);
  paris.api.tokens.replace(["another"]);
  paris.api.breakConnections("reset");
  await bed.until("the status says that paris refuses the token", async () => {
    const cluster = (await bed.replica.status()).clusters.find((one) => one.name === name);
    return cluster?.state === "stale" && cluster.kinds.some(({ error }) => /401/.test(error ?? ""));
  });
  assert.equal((await bed.get("steady.example")).status, 200);
  writeFileSync(paris.tokenFile, "another");
  await bed.until("paris is watched again", async () => {
    const cluster = (await bed.replica.status()).clusters.find((one) => one.name === name);
    return cluster?.state === "fresh";
  });
});

test("a kind that may not be read is named, the others go on", async () => {
  const fault = london.api.faults.add({ effect: { kind: "status", code: 403 }, path: /\/nodes\b/ });
  london.api.compact();
  london.api.breakConnections("reset");
  await bed.until("the status names nodes", async () => {
    const cluster = (await bed.replica.status()).clusters.find(({ name }) => name === "london");
    return cluster!.kinds.some(({ kind, error }) => kind === "Node" && /403/.test(error ?? ""));
  });
  london.publish("beside", "beside.example");
  await bed.until("other kinds are read", async () => (await bed.get("beside.example")).status === 200);
  fault.remove();
});

interface Client {
  readonly certificate: string;
  readonly key: string;
}

/** What a client with this certificate hears when it subscribes to all listeners. */
async function connectAs({ certificate, key }: Client): Promise<string> {
  const heard = Promise.withResolvers<string>();
  const client = connectDelta({
    servers: [{ address: "127.0.0.1", port: bed.replica.xdsPort }],
    domain: DOMAIN,
    tls: () => ({ certificate, key, authority: bed.authority.certPem }),
    apply: () => {
      heard.resolve("served");
      return undefined;
    },
    on: (event) => {
      if (event.kind === "disconnected") heard.resolve(event.message);
    },
  });
  client.subscribe("type.googleapis.com/envoy.config.listener.v3.Listener", [WILDCARD]);
  try {
    return await heard.promise;
  } finally {
    client.close();
  }
}

test("a foreign, expired or wrongly named client certificate is turned away", async () => {
  const foreign = await createAuthority("foreign");
  const uris = [edgeName(DOMAIN, "home", "public", "e9")];
  const issue = async (authority: typeof foreign, request: Parameters<typeof foreign.issue>[0]): Promise<Client> => {
    const { certPem, keyPem } = await authority.issue(request);
    return { certificate: certPem, key: keyPem };
  };
  const turnedAway = () => bed.replica.metric("carrick_xds_clients_turned_away_total");
  const cases: readonly (readonly [what: string, client: Client])[] = [
    ["foreign", await issue(foreign, { uris })],
    ["expired", await issue(bed.authority, { uris, notBefore: new Date(0), notAfter: new Date(1000) })],
    ["another domain", await issue(bed.authority, { uris: [edgeName("other.domain", "home", "public", "e9")] })],
    ["another role", await issue(bed.authority, { uris: [nodeName(DOMAIN, "home", "n1")] })],
    ["an unknown fleet", await issue(bed.authority, { uris: [edgeName(DOMAIN, "home", "private", "e9")] })],
  ];
  for (const [what, client] of cases) {
    const before = await turnedAway();
    assert.notEqual(await connectAs(client), "served", what);
    await bed.until(`${what}: it is counted`, async () => (await turnedAway()) > before);
  }
  assert.equal(await connectAs(await issue(bed.authority, { uris })), "served");
});

/** Ends by itself: what the controller says of a configuration that it cannot use. */
function startWith(change: (config: Record<string, never>) => object): {
  readonly code: number | null;
  readonly stderr: string;
} {
  const config = parse(readFileSync(join(bed.folder, "replica-1.yaml"), "utf8")) as Record<string, never>;
  const path = join(bed.folder, "changed.yaml");
  writeFileSync(path, stringify(change(config)));
  const { status, stderr } = spawnSync(process.execPath, [CONTROLLER, "--config", path], {
    encoding: "utf8",
    timeout: 20_000,
  });
  return { code: status, stderr };
}

test("a port that is in use is one sentence and exit code 2", async () => {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const { port } = holder.address() as { port: number };
  try {
    const address = "127.0.0.1";
    const xds = startWith((config) => ({ ...config, listen: { xds: { address, port } } }));
    assert.deepEqual(
      [xds.code, xds.stderr.trim().split("\n").at(-1)],
      [
        2,
        `carrick controller: listen.xds: listen 127.0.0.1:${port}: the port is in use; end the process that listens there, or choose another`,
      ],
    );
  } finally {
    holder.close();
  }
});

test("certificate files that are missing, expired or do not fit are one sentence and exit code 2", async () => {
  const write = (name: string, text: string) => {
    writeFileSync(join(bed.folder, name), text);
    return name;
  };
  const expired = await bed.authority.issue({ dnsNames: ["c"], notBefore: new Date(0), notAfter: new Date(1000) });
  const certificate = write("expired.pem", expired.certPem);
  const key = write("expired.key", expired.keyPem);
  const cases = [
    [{ key: "absent.key" }, /absent\.key: cannot be read \(ENOENT.*\); `tls\.key` of the configuration names it$/],
    [{ key }, /expired\.key: does not belong to the certificate in .*replica-1\.pem; give the pair$/],
    [{ certificate, key }, /expired\.pem: expired on .*; renew it$/],
    [
      { authority: write("none.pem", "nothing") },
      /none\.pem: holds no certificate of an authority in PEM; write it again$/,
    ],
  ] as const;
  for (const [tls, message] of cases) {
    const { code, stderr } = startWith((config) => ({
      ...config,
      tls: { ...(config["tls"] as unknown as object), ...tls },
    }));
    assert.equal(code, 2);
    assert.match(stderr.trim(), message);
  }
});

test("a configuration that is wrong names line, path and reason, with exit code 2", () => {
  const { code, stderr } = startWith((config) => ({ ...config, clutsers: [] }));
  assert.equal(code, 2);
  assert.match(stderr, /changed\.yaml:\d+: clutsers: is no setting of Carrick; check its spelling/);
});
