import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { parse } from "yaml";
import { findEnvoy, startEnvoy } from "../../../lab/src/envoy/index.ts";
import { createAuthority, edgeName } from "../../../lab/src/trust/index.ts";
import { EXIT } from "../exit-code.ts";
import { captured, pemFiles, temporaryFolder } from "../fixture.ts";
import { parseHostPort } from "../host-port.ts";

const DAY_MS = 86_400_000;

async function edge(folder: string, validMs = 30 * DAY_MS) {
  const paths = await pemFiles(folder, await createAuthority("mesh"), {
    uris: [edgeName("carrick.local", "london", "public", "e1")],
    notAfter: new Date(Date.now() + validMs),
  });
  const flags = ["--certificate", paths.certificate, "--key", paths.key, "--authority", paths.authority];
  return { ...paths, flags: ["edge", "bootstrap", "--controller", "127.0.0.1:18000", ...flags] };
}

test("the real Envoy takes what is printed, as JSON and as YAML", async () => {
  using folder = temporaryFolder();
  const { flags } = await edge(folder.path);
  const who = ["--fleet", "public", "--name", "e1", "--cluster", "london"];
  const admin = ["--admin", join(folder.path, "admin.sock"), "--controller", "[::1]:18000,127.0.0.2:1"];
  for (const form of ["json", "yaml"]) {
    const { code, stdout, stderr } = await captured([...flags, ...who, ...admin, "-o", form]);
    const start = "--disable-hot-restart --drain-time-s 60 --log-level warning";
    const note = `If saved as e1.${form}, it starts with: envoy --config-path e1.${form} ${start}\n`;
    assert.deepEqual([code, stderr], [0, note]);
    const path = join(folder.path, `bootstrap.${form}`);
    writeFileSync(path, stdout);
    await promisify(execFile)(findEnvoy(), ["--mode", "validate", "-c", path, "-l", "error"]);
    const { node, static_resources } = parse(stdout);
    assert.deepEqual(node, { id: "e1", cluster: "public" });
    assert.match(JSON.stringify(static_resources), /spiffe:\/\/carrick\.local\/cluster\/london\/controller/);
    assert.equal(static_resources.clusters[0].load_assignment.endpoints[0].lb_endpoints.length, 3);
  }
});

test("with --secrets a running Envoy takes the certificate that is moved to the place of the old one", async () => {
  using folder = temporaryFolder();
  const authority = await createAuthority("mesh");
  const names = { uris: [edgeName("carrick.local", "london", "public", "e1")] };
  const { certificate, key, authority: ca } = await pemFiles(folder.path, authority, names);
  const files = ["--certificate", certificate, "--key", key, "--authority", ca, "--secrets", join(folder.path, "sds")];
  const who = ["--fleet", "public", "--name", "e1", "--controller", "127.0.0.1:1"];
  const { code, stdout, stderr } = await captured(["edge", "bootstrap", ...who, ...files]);
  assert.equal(code, EXIT.done, stderr);
  await using envoy = await startEnvoy({ name: "e1", bootstrap: JSON.parse(stdout), dir: folder.path });
  const serials = async (): Promise<string> => (await envoy.admin("/certs").catch(() => undefined))?.body ?? "";
  const uses = async (pem: string): Promise<void> => {
    const serial = new X509Certificate(readFileSync(pem)).serialNumber.replace(/^0+/, "").toLowerCase();
    const deadline = performance.now() + 20_000;
    while (!(await serials()).includes(serial)) {
      assert.ok(performance.now() < deadline, envoy.log());
      await delay(20);
    }
  };
  await uses(certificate);
  const renewed = await pemFiles(folder.path, authority, names, "renewed");
  // Between the two moves the pair does not fit, and Envoy keeps what it has.
  renameSync(renewed.key, key);
  renameSync(renewed.certificate, certificate);
  await uses(certificate);
});

test("a folder for --secrets that cannot be written is refused", async () => {
  using folder = temporaryFolder();
  const { flags, certificate } = await edge(folder.path);
  const refused = await captured([...flags, "--fleet", "public", "--name", "e1", "--secrets", certificate]);
  assert.deepEqual([refused.code, refused.stdout], [EXIT.usage, ""]);
  assert.match(refused.stderr, /own\.pem: cannot be written \(EEXIST.*\); name a folder of your own with --secrets\n$/);
});

test("a certificate of another name is refused, with the name that it has and the one that is needed", async () => {
  using folder = temporaryFolder();
  const { flags, certificate } = await edge(folder.path);
  const refuses = async (fleet: string, name: string, ...more: string[]) => {
    const { code, stdout, stderr } = await captured([...flags, "--fleet", fleet, "--name", name, ...more]);
    assert.deepEqual([code, stdout], [EXIT.usage, ""]);
    return stderr;
  };
  const is = `carrick: ${certificate}: is for spiffe://carrick.local/cluster/london/edge/public/e1; give the one for `;
  assert.equal(await refuses("public", "e2"), `${is}spiffe://carrick.local/cluster/<cluster>/edge/public/e2\n`);
  assert.equal(await refuses("inner", "e1"), `${is}spiffe://carrick.local/cluster/<cluster>/edge/inner/e1\n`);
  assert.equal(
    await refuses("public", "e1", "--cluster", "paris"),
    `${is}spiffe://carrick.local/cluster/paris/edge/public/e1\n`,
  );
  assert.match(await refuses("public", "e1", "--admin", "9901"), /--admin: "9901" is no address with a port/);
  assert.match(await refuses("public", "e1", "--controller", "x:0"), /--controller: "x:0" is no address with a port/);
});

test("files that are missing, do not fit or have expired are refused; one that will soon is noted", async () => {
  using folder = temporaryFolder();
  const soon = await edge(folder.path, DAY_MS);
  const who = ["--fleet", "public", "--name", "e1"];
  const noted = await captured([...soon.flags, ...who]);
  assert.equal(noted.code, 0);
  assert.match(noted.stderr, /own\.pem: expires in \d days, at .*; issue it again before that day\n/);
  const late = await captured([...soon.flags, ...who], { now: () => Date.now() + 2 * DAY_MS });
  assert.equal(late.code, EXIT.usage);
  assert.match(late.stderr, /own\.pem: expired at .*; issue it again\n$/);
  const absent = await captured([...soon.flags.map((flag) => flag.replace("own.key", "absent")), ...who]);
  assert.equal(absent.code, EXIT.usage);
  assert.match(absent.stderr, /absent: the key cannot be read \(ENOENT/);
});

test("addresses with a port", () => {
  assert.deepEqual(parseHostPort("[fd00::1]:18000", "--x"), { address: "fd00::1", port: 18_000 });
  assert.deepEqual(parseHostPort("carrick.example:1", "--x"), { address: "carrick.example", port: 1 });
  for (const text of ["", "host", "host:", "host:0", "host:65536", "fd00::1:80", "a b:1", "http://a:1", "[x]:1"]) {
    assert.throws(() => parseHostPort(text, "--x"), { exit: EXIT.usage }, text);
  }
});
