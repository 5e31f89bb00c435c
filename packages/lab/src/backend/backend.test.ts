import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mkdtempSync, rmSync } from "node:fs";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { exchange } from "../load/exchange.ts";
import { freePort } from "../process/free-port.ts";
import { startProgram } from "../process/program.ts";
import { readAnswer } from "./answer.ts";
import { BACKEND_READY } from "./main.ts";

const logFolder = mkdtempSync(join(tmpdir(), "carrick-backend-test-"));
after(() => rmSync(logFolder, { recursive: true, force: true }));

const main = fileURLToPath(new URL("../main.ts", import.meta.url));

function start(name: string, argument: string) {
  return startProgram({
    name,
    command: process.execPath,
    args: ["--conditions=source", main, "backend", argument],
    logFolder,
    ready: (line) => (line === BACKEND_READY ? true : undefined),
  });
}

test("a back end is a program: it says when it listens, answers for each pod, and finishes what is open", async () => {
  const pods = [1, 2].map((n) => ({ name: `web-${n}`, address: `127.79.0.${n}` }));
  const port = await freePort(pods.map((pod) => pod.address));
  await using program = await start("web", JSON.stringify({ cluster: "paris", port, pods, delayMs: 200 }));
  const target = (n: number) => ({ name: "t", address: `127.79.0.${n}`, port, host: "shop.example", path: "/" });
  const answers = await Promise.all([exchange(target(1), 5000), exchange(target(2), 5000)]);
  assert.deepEqual(
    answers.map(({ status, cluster, pod }) => [status, cluster, pod]),
    [
      [200, "paris", "web-1"],
      [200, "paris", "web-2"],
    ],
  );
  const open = exchange(target(1), 5000);
  await exchange(target(2), 5000);
  const stopped = program.stop();
  assert.equal((await open).status, 200);
  assert.deepEqual(await stopped, { code: 0, signal: null });
});

test("bad arguments and an address in use are one sentence", async () => {
  for (const argument of ["{", "{}", `{"cluster":"a","port":1,"pods":[{}]}`]) {
    await assert.rejects(
      start("bad", argument),
      /code 2.*lab backend: the argument is no description of a back end; give/s,
    );
  }
  await assert.rejects(
    start("foreign", `{"cluster":"a","port":8080,"pods":[{"name":"a","address":"192.0.2.1"}]}`),
    /code 1.*lab backend: listen EADDRNOTAVAIL/s,
  );
});

test("what is no answer of a back end is read as none", () => {
  for (const text of ["", "null", "[]", "{}", `{"cluster":"a","pod":1,"receivedAt":2}`]) {
    assert.equal(readAnswer(text), undefined);
  }
});
