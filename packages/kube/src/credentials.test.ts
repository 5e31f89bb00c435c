import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { inspect } from "node:util";
import { createAuthority } from "../../lab/src/trust/index.ts";
import { AccessError, type AccessErrorKind } from "./access-error.ts";
import { loadAccess, openAccess } from "./access.ts";
import type { Clock } from "./clock.ts";

const root = mkdtempSync(join(tmpdir(), "carrick-kube-credentials-"));
after(() => rmSync(root, { recursive: true, force: true }));

const authority = await createAuthority("cluster");
const server = "https://127.0.0.1:6443";
let folders = 0;

/** A folder of its own with files, and a kubeconfig for the user. */
class Home {
  readonly folder = join(root, String((folders += 1)));
  readonly kubeconfig = join(this.folder, "config");

  constructor(user: object, cluster: object = { server }) {
    mkdirSync(this.folder);
    this.write("config", kubeconfig(user, cluster));
  }

  /** Replaces a file at once, as what rotates credentials does. */
  write(name: string, content: string): string {
    const path = join(this.folder, name);
    writeFileSync(`${path}.new`, content);
    renameSync(`${path}.new`, path);
    return path;
  }
}

function kubeconfig(user: object, cluster: object = { server }): string {
  return JSON.stringify({
    "current-context": "london",
    contexts: [{ name: "london", context: { cluster: "c", user: "u" } }],
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user }],
  });
}

class HandClock implements Clock {
  ms = Date.now();
  now(): number {
    return this.ms;
  }
  after(): () => void {
    throw new Error("credentials wait for nothing");
  }
}

function refused(kind: AccessErrorKind, message: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof AccessError, inspect(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    assert.doesNotMatch(inspect(error, { depth: 9 }), /hunter2|PRIVATE KEY/, "no secret in the error");
    return true;
  };
}

test("a missing kubeconfig is named, and heals when it is there", async () => {
  const home = new Home({});
  const path = join(home.folder, "absent");
  const access = openAccess({ kubeconfig: path });
  await assert.rejects(access.current(), refused("missing", new RegExp(`^${path}: no such file`)));
  await assert.rejects(loadAccess({ kubeconfig: path }), refused("missing", /no such file/));
  home.write("absent", kubeconfig({ token: "t" }));
  assert.equal((await access.current()).authorization?.reveal(), "Bearer t");
});

test("a folder in place of a file is refused", async () => {
  const home = new Home({ tokenFile: "." });
  await assert.rejects(openAccess(home).current(), refused("unreadable", /cannot read the bearer token \(EISDIR\)/));
});

test("a file too large for what it should be is refused unread", async () => {
  const home = new Home({ tokenFile: "token" });
  home.write("token", "x".repeat(4 * 1024 * 1024 + 1));
  await assert.rejects(openAccess(home).current(), refused("malformed", /4194305 bytes/));
});

test("KUBECONFIG names several files, of which some may be missing", async () => {
  const home = new Home({ token: "t" });
  const both = { KUBECONFIG: `${join(home.folder, "absent")}:${home.kubeconfig}` };
  assert.equal((await openAccess({ env: both }).current()).authorization?.reveal(), "Bearer t");
  const none = { KUBECONFIG: `${join(home.folder, "absent")}:${join(home.folder, "absent too")}` };
  await assert.rejects(openAccess({ env: none }).current(), refused("missing", /absent: no such file/));
  mkdirSync(join(home.folder, ".kube"));
  home.write(".kube/config", kubeconfig({ token: "of home" }));
  const home2 = openAccess({ env: { HOME: home.folder } });
  await assert.rejects(home2.current(), refused("malformed", /characters that no token has/));
});

test("D3: a newline behind a token is none of it, and a rotated token file is read again", async () => {
  const home = new Home({ tokenFile: "token", token: "older" });
  home.write("token", "abc\n");
  const access = openAccess(home);
  const first = await access.current();
  assert.equal(first.authorization?.reveal(), "Bearer abc");
  home.write("token", "def\r\n");
  const second = await access.current();
  assert.equal(second.authorization?.reveal(), "Bearer def");
  assert.equal(second.endpoint, first.endpoint, "connections are kept");
});

test("an empty token file during a rotation leaves the last token in use and says so", async () => {
  const home = new Home({ tokenFile: "token" });
  home.write("token", "abc");
  const access = openAccess(home);
  await access.current();
  home.write("token", "\n");
  assert.equal((await access.current()).authorization?.reveal(), "Bearer abc");
  assert.match(access.problem?.message ?? "", /token: the bearer token is empty/);
  home.write("token", "def");
  assert.equal((await access.current()).authorization?.reveal(), "Bearer def");
  assert.equal(access.problem, undefined);
});

test("a token that could split a header is refused", async () => {
  const home = new Home({ tokenFile: "token" });
  home.write("token", "hunter2\r\nx-admin: yes");
  await assert.rejects(openAccess(home).current(), refused("malformed", /characters that no token has/));
});

test("unchanged files give the very same credentials", async () => {
  const home = new Home({ token: "t" });
  const access = openAccess(home);
  await access.current();
  const [one, two] = [await access.current(), await access.current()];
  assert.equal(one, two);
});

test("an expired client certificate is refused until it is renewed", async () => {
  const clock = new HandClock();
  const home = new Home({ "client-certificate": "c.pem", "client-key": "k.pem" });
  const issue = async (minutes: number) => {
    const pair = await authority.issue({ commonName: "jane", notAfter: new Date(clock.ms + minutes * 60_000) });
    home.write("k.pem", pair.keyPem);
    home.write("c.pem", pair.certPem);
  };
  await issue(10);
  const access = openAccess({ kubeconfig: home.kubeconfig, clock });
  const first = await access.current();
  clock.ms += 11 * 60_000;
  await assert.rejects(access.current(), refused("expired", /context "london": the client certificate expired at 20/));
  await issue(10);
  const second = await access.current();
  assert.notEqual(second.endpoint, first.endpoint, "a new certificate needs new connections");
});

test("a client certificate is exchanged only together with its key", async () => {
  const home = new Home({ "client-certificate": "c.pem", "client-key": "k.pem" });
  const [old, fresh] = [await authority.issue({ commonName: "a" }), await authority.issue({ commonName: "a" })];
  home.write("c.pem", old.certPem);
  home.write("k.pem", old.keyPem);
  const access = openAccess(home);
  const first = await access.current();
  home.write("c.pem", fresh.certPem);
  assert.equal((await access.current()).endpoint, first.endpoint);
  assert.match(access.problem?.message ?? "", /the client key does not belong to the client certificate/);
  home.write("k.pem", fresh.keyPem);
  const second = await access.current();
  assert.equal(second.endpoint.certificate, fresh.certPem);
  assert.equal(second.endpoint.key?.reveal(), fresh.keyPem);
  assert.equal(access.problem, undefined);
});

test("client certificates that are none are refused without their text", async () => {
  const { certPem, keyPem } = await authority.issue({ commonName: "a" });
  const data = (pem: string) => Buffer.from(pem).toString("base64");
  const fake = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n";
  const noKey = new Home({ "client-certificate-data": data(certPem), "client-key-data": data(fake) });
  await assert.rejects(openAccess(noKey).current(), refused("malformed", /not an unencrypted PEM private key/));
  const noCertificate = new Home({ "client-certificate-data": data(fake), "client-key-data": data(keyPem) });
  await assert.rejects(openAccess(noCertificate).current(), refused("malformed", /is not a PEM certificate/));
});

test("in a pod: address, token and authority are those of its service account", async () => {
  const home = new Home({});
  home.write("token", "abc\n");
  home.write("ca.crt", authority.certPem);
  const pod = { inCluster: true, folder: home.folder } as const;
  const env = { KUBERNETES_SERVICE_HOST: "fd96::1", KUBERNETES_SERVICE_PORT: "443" };
  const access = openAccess({ ...pod, env });
  const { endpoint, authorization } = await access.current();
  assert.equal(endpoint.server.href, "https://[fd96::1]/");
  assert.equal(endpoint.ca, authority.certPem);
  assert.equal(authorization?.reveal(), "Bearer abc");
  home.write("token", "def");
  assert.equal((await access.current()).authorization?.reveal(), "Bearer def");
  const outside = openAccess({ ...pod, env: {} });
  await assert.rejects(outside.current(), refused("missing", /KUBERNETES_SERVICE_HOST is not set/));
  const addressed = openAccess({ ...pod, env: {}, server: "https://172.30.1.1:6443" });
  assert.equal((await addressed.current()).endpoint.server.host, "172.30.1.1:6443");
});

test("an auth-provider is refused with the way out", async () => {
  const oidc = new Home({ "auth-provider": { name: "oidc", config: { "id-token": "abc" } } });
  await assert.rejects(
    openAccess(oidc).current(),
    refused("unsupported", /auth-provider oidc is gone from Kubernetes: use its exec plugin/),
  );
});

/** A plugin that is a shell script, and notes in the file `runs` each time it is run. */
function plugin(script: string, more: object = {}, cluster?: object) {
  const home = new Home({}, cluster);
  const exec = { command: "/bin/sh", args: ["-c", `echo run >> ${home.folder}/runs\n${script}`], ...more };
  home.write("config", kubeconfig({ exec }, cluster));
  appendFileSync(join(home.folder, "runs"), "");
  const clock = new HandClock();
  return {
    home,
    clock,
    access: openAccess({ kubeconfig: home.kubeconfig, clock, pluginTimeoutMs: 5_000 }),
    runs: () => readFileSync(join(home.folder, "runs"), "utf8").length / 4,
  };
}

function credential(status: object): string {
  const text = JSON.stringify({ apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status });
  return `cat <<'END'\n${text}\nEND`;
}

test("a plugin's token is kept until it expires", async () => {
  const expires = new Date(Date.now() + 60_000).toISOString();
  const { access, clock, runs } = plugin(credential({ token: "abc", expirationTimestamp: expires }));
  const [one] = await Promise.all([access.current(), access.current(), access.current()]);
  assert.equal(one?.authorization?.reveal(), "Bearer abc");
  await access.current();
  assert.equal(runs(), 1);
  clock.ms += 61_000;
  await access.current();
  assert.equal(runs(), 2);
});

test("a plugin is told of the cluster only if it asks, and gets its variables", async () => {
  const script = `test "$EXTRA" = yes && printf %s "$KUBERNETES_EXEC_INFO" > "$INFO"\n${credential({ token: "abc" })}`;
  const cluster = { server, "tls-server-name": "api" };
  for (const provideClusterInfo of [true, false]) {
    const info = join(root, `info-${provideClusterInfo}`);
    const env = [
      { name: "EXTRA", value: "yes" },
      { name: "INFO", value: info },
    ];
    await plugin(script, { env, provideClusterInfo }, cluster).access.current();
    const { spec } = JSON.parse(readFileSync(info, "utf8"));
    const expected = { server: `${server}/`, "insecure-skip-tls-verify": false, "tls-server-name": "api" };
    assert.deepEqual(spec, { interactive: false, ...(provideClusterInfo ? { cluster: expected } : {}) });
  }
});

test("a plugin's certificate is asked for anew before it ends, and a wrong one refused", async () => {
  const pair = await authority.issue({ commonName: "a", notAfter: new Date(Date.now() + 60_000) });
  const status = { clientCertificateData: pair.certPem, clientKeyData: pair.keyPem };
  const { access, clock, runs } = plugin(credential(status));
  assert.equal((await access.current()).endpoint.certificate, pair.certPem);
  clock.ms += 61_000;
  await assert.rejects(access.current(), refused("expired", /certificate expired/));
  assert.equal(runs(), 2);
  const other = await authority.issue({ commonName: "b" });
  const wrong = plugin(credential({ ...status, clientKeyData: other.keyPem }));
  await assert.rejects(wrong.access.current(), refused("malformed", /does not belong/));
});

test("a plugin that fails, is not there, prints garbage or too much is named with the reason", async () => {
  const cases: [ReturnType<typeof plugin>, RegExp][] = [
    [plugin("echo no ticket >&2; exit 3"), /^\/bin\/sh: the credential plugin ended with 3 \(no ticket\)/],
    [plugin("", { command: "carrick-no-such-plugin" }), /is not installed: run it by hand/],
    [plugin("", { command: "carrick-no-such-plugin", installHint: "get it" }), /is not installed: get it/],
    [plugin("echo hunter2"), /did not print JSON/],
    [plugin('echo \'{"status":{"token":7,"hunter2":1}}\''), /neither a token nor a certificate/],
    [plugin("exec cat /dev/zero"), /wrote more than 1048576 bytes/],
    [plugin(credential({ token: "hunter2\nx: y" })), /characters that no token has/],
  ];
  for (const [{ access }, message] of cases) {
    await assert.rejects(access.current(), (error: unknown) => {
      assert.ok(error instanceof AccessError);
      return refused(error.kind, message)(error);
    });
  }
});

test("a plugin that hangs is killed with everything it has started", async () => {
  const home = new Home({});
  const pids = join(home.folder, "pids");
  const script = `sleep 600 & echo $! > ${pids}; echo $$ >> ${pids}; wait`;
  home.write("config", kubeconfig({ exec: { command: "/bin/sh", args: ["-c", script] } }));
  const access = openAccess({ kubeconfig: home.kubeconfig, pluginTimeoutMs: 300 });
  await assert.rejects(access.current(), refused("plugin", /did not finish in 300 ms/));
  const started = readFileSync(pids, "utf8").trim().split("\n");
  assert.equal(started.length, 2);
  while (!started.every((pid) => isGone(Number(pid)))) await turn();
});

/** True for a process that has ended, also while its parent has not asked for its end yet. */
function isGone(pid: number): boolean {
  try {
    return / [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}

test("a plugin that fails, or whose token is refused, is run at most each 5 s", async () => {
  const failing = plugin("exit 1");
  await assert.rejects(failing.access.current(), refused("plugin", /ended with 1/));
  await assert.rejects(failing.access.current(), refused("plugin", /ended with 1/));
  assert.equal(failing.runs(), 1);
  failing.clock.ms += 5_000;
  await assert.rejects(failing.access.current(), refused("plugin", /ended with 1/));
  assert.equal(failing.runs(), 2);

  const { access, clock, runs } = plugin(credential({ token: "abc" }));
  const again = async () => {
    access.refuse(await access.current());
    await access.current();
    return runs();
  };
  assert.equal(await again(), 1);
  clock.ms += 5_000;
  assert.equal(await again(), 2);
  assert.equal(await again(), 2);
});

test("credentials print no secret", async () => {
  const { keyPem, certPem } = await authority.issue({ commonName: "a" });
  const data = (pem: string) => Buffer.from(pem).toString("base64");
  const user = { token: "hunter2", "client-certificate-data": data(certPem), "client-key-data": data(keyPem) };
  const access = openAccess(new Home(user));
  const credentials = await access.current();
  for (const printed of [
    inspect(credentials, { depth: 9 }),
    JSON.stringify(credentials),
    inspect(access, { depth: 9 }),
  ]) {
    assert.doesNotMatch(printed, /hunter2|PRIVATE KEY/);
  }
});
