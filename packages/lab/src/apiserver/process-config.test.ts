import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { readProcessConfig } from "./process-config.ts";
import { runApiServer } from "./run-api-server.ts";

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "carrick-apiserver-"));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test("files stand for what they hold", (t) => {
  const home = folder(t);
  for (const name of ["cert", "key", "ca", "clients"]) writeFileSync(join(home, name), `${name} pem`);
  writeFileSync(join(home, "tokens"), "one\n\n  two\n");
  const tls = {
    certFile: join(home, "cert"),
    keyFile: join(home, "key"),
    caFile: join(home, "ca"),
    clientCaFile: join(home, "clients"),
  };
  const config = {
    name: "london",
    address: "127.0.0.2",
    port: 6443,
    tls,
    tokenFile: join(home, "tokens"),
    dataFile: "d",
  };
  const path = join(home, "config.json");
  writeFileSync(path, JSON.stringify(config));
  const expected = {
    name: "london",
    address: "127.0.0.2",
    port: 6443,
    tls: { certPem: "cert pem", keyPem: "key pem", caPem: "ca pem", clientCaPem: "clients pem" },
    tokens: ["one", "two"],
    dataFile: "d",
  };
  assert.deepEqual(readProcessConfig(path), expected);
  assert.deepEqual(readProcessConfig(JSON.stringify(config)), expected);
});

test("what is wrong is named with its path, the reason and the fix", (t) => {
  const path = join(folder(t), "config.json");
  const cases: readonly (readonly [unknown, string])[] = [
    [
      { name: "x", colour: "red" },
      "colour: is not known: use name, address, port, tls, tokenFile, dataFile, historyEvents",
    ],
    [{ port: 1 }, "name: is missing: name the cluster"],
    [{ name: "x", port: 70_000 }, "port: must be a whole number from 0 to 65535"],
    [{ name: "x", historyEvents: 0 }, "historyEvents: must be a whole number from 1 to 10000000"],
    [{ name: 1 }, "name: must be a text"],
    [{ name: "" }, "name: must be a text"],
    [{ name: "x", tls: [] }, "tls: must be an object"],
    [{ name: "x", tls: { certFile: "/none" } }, "tls.keyFile: is missing: give the path of a PEM file"],
    [
      { name: "x", tls: { certificate: "/none" } },
      "tls.certificate: is not known: use certFile, keyFile, caFile, clientCaFile",
    ],
    [[], 'is no JSON object: write {"name": "london"}'],
  ];
  for (const [config, message] of cases) {
    writeFileSync(path, JSON.stringify(config));
    assert.throws(() => readProcessConfig(path), { name: "ConfigError", message: `${path}: ${message}` });
  }
  const unread: readonly (readonly [string, RegExp])[] = [
    ['{"name":"x","tokenFile":"/none"}', /^--config: tokenFile: \/none cannot be read: ENOENT/],
    ['{"name":"x","tls":{"certFile":"/none","keyFile":"/none"}}', /^--config: tls\.certFile: \/none cannot be read/],
    ["/none/config.json", /^--config: \/none\/config\.json cannot be read/],
    ["{", /^--config: is no JSON/],
  ];
  for (const [given, message] of unread)
    assert.throws(() => readProcessConfig(given), { name: "ConfigError", message });
});

test("a command line that is none", async (t) => {
  const written: string[] = [];
  t.mock.method(process.stderr, "write", (text: string) => written.push(text));
  for (const argv of [[], ["--config"], ["--port", "1"], ["--config", "{}", "more"]]) {
    assert.equal(await runApiServer(argv), 2);
    assert.equal(written.pop(), "apiserver: usage: --config FILE|JSON\n");
  }
});
