import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "../fixture.ts";
import { checkEnvoy, checkNode, envoyCandidates } from "./machine.ts";

test("Node from 24.12", () => {
  assert.equal(checkNode("v24.12.0").level, "ok");
  assert.equal(checkNode("v25.0.1").level, "ok");
  assert.deepEqual(checkNode("v24.11.9"), {
    area: "machine",
    level: "problem",
    says: "Node 24.11.9 is too old",
    fix: "use Node 24.12 or newer; `make setup` installs one",
  });
  assert.equal(checkNode("v20.20.2").level, "problem");
});

test("Envoy is looked for as asked, else in the checkout, else in PATH", () => {
  assert.deepEqual(envoyCandidates({ ENVOY: "/e", PATH: "/a" }, "/x"), ["/e"]);
  assert.deepEqual(envoyCandidates({ ENVOY: "", PATH: "/a:/b" }, "/x/build"), [
    "/x/build/.tool/envoy",
    "/x/.tool/envoy",
    "/.tool/envoy",
    "/a/envoy",
    "/b/envoy",
  ]);
});

test("an Envoy that is missing, does not run, is something else, or is too old", async () => {
  using folder = temporaryFolder();
  const script = (name: string, text: string) => {
    const path = join(folder.path, name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const says = async (env: Record<string, string>) => {
    const { level, says } = await checkEnvoy(env, folder.path);
    return `${level}: ${says.replaceAll(folder.path, "")}`;
  };
  const version = (text: string) => script("envoy", `echo '${text}'`);
  assert.equal(await says({ ENVOY: join(folder.path, "no") }), "problem: /no (ENVOY) is no program that can be run");
  assert.equal(
    await says({}),
    "warning: there is no Envoy binary in .tool/ or in PATH: no edge can run on this machine",
  );
  assert.match(await says({ ENVOY: script("fails", "exit 3") }), /^problem: \/fails does not run \(Command failed/);
  assert.equal(await says({ ENVOY: version("hello") }), "problem: /envoy does not say which Envoy it is");
  assert.equal(
    await says({ ENVOY: version("/envoy  version: 0e5b/1.32.9/Clean/RELEASE/BoringSSL") }),
    "problem: /envoy is Envoy 1.32.9, which is too old",
  );
  version("envoy  version: 0e5b/1.41.0-dev/Modified/RELEASE/BoringSSL");
  assert.equal(await says({ PATH: folder.path }), "ok: Envoy 1.41.0 (/envoy)");
});
