import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as fc from "fast-check";
import { buildClient, buildFrom, type Ended, runClient } from "./fixture.ts";
import { decodeQuestion, encodeAnswer, questionSize } from "./frame.ts";
import { CNI_VERSIONS } from "./version.ts";

const folder = mkdtempSync(join(tmpdir(), "carrick-client-"));
after(() => rmSync(folder, { recursive: true, force: true }));
before(buildClient);

/** An error object on standard output, nothing on the other, and 1. */
function assertError(ended: Ended, code: number, details: RegExp, cniVersion = "1.1.0"): void {
  assert.equal(ended.code, 1, ended.stderr);
  const object = JSON.parse(ended.stdout) as { cniVersion: string; code: number; msg: string; details: string };
  assert.deepEqual([object.cniVersion, object.code], [cniVersion, code], ended.stdout);
  assert.match(object.details, details);
  assert.ok(object.msg.length > 0);
}

let sockets = 0;

/** Serves one connection as an agent that may do anything; gives the client's end and what the socket got. */
async function withAgent(serve: (socket: Socket, question: Buffer) => void, env: NodeJS.ProcessEnv, more: object = {}) {
  const path = join(folder, `${sockets++}.sock`);
  const got: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      got.push(chunk);
      const bytes = Buffer.concat(got);
      if (bytes.length === questionSize(bytes)) serve(socket, bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    const input = JSON.stringify({ cniVersion: "1.0.0", name: "n", agentSocket: path, ...more });
    return { ended: await runClient(env, input), input, got: Buffer.concat(got), path };
  } finally {
    server.close();
  }
}

test("VERSION is answered without an agent, with any input or none", async () => {
  for (const [input, cniVersion] of [
    ['{"cniVersion":"1.0.0"}', "1.0.0"],
    ['{"cniVersion":"0.4.0","agentSocket":7}', "0.4.0"],
    ['{"cniVersion":"1\\".0"}', "1.1.0"],
    ["nothing of the kind", "1.1.0"],
    ["", "1.1.0"],
  ] as const) {
    const ended = await runClient({ CNI_COMMAND: "VERSION" }, input);
    assert.equal(ended.code, 0);
    assert.deepEqual(JSON.parse(ended.stdout), { cniVersion, supportedVersions: CNI_VERSIONS }, input);
  }
  const closed = spawnSync("sh", ["-c", 'exec "$0" <&-', buildClient()], { env: { CNI_COMMAND: "VERSION" } });
  assert.deepEqual(JSON.parse(closed.stdout.toString()), { cniVersion: "1.1.0", supportedVersions: CNI_VERSIONS });
});

test("the agent gets the environment and the input as they are, and its answer is printed with its status", async () => {
  const env = {
    CNI_COMMAND: "ADD",
    CNI_CONTAINERID: "c1",
    CNI_NETNS: "/run/netns/é",
    CNI_IFNAME: "eth0",
    CNI_ARGS: "A=1;B=2",
  };
  const text = `{"ips":[]}${" ".repeat(200_000)}\n`;
  const { ended, input, got } = await withAgent((socket) => socket.end(encodeAnswer({ ok: true, text })), env, {
    padding: "x".repeat(900_000),
  });
  assert.deepEqual(ended, { code: 0, stdout: text, stderr: "" });
  assert.deepEqual(decodeQuestion(got), {
    command: "ADD",
    containerId: "c1",
    netns: "/run/netns/é",
    ifname: "eth0",
    args: "A=1;B=2",
    input,
  });

  const failed = await withAgent((socket) => socket.end(encodeAnswer({ ok: false, text: '{"code":7}' })), env);
  assert.deepEqual(failed.ended, { code: 1, stdout: '{"code":7}', stderr: "" });
  for (const command of ["DEL", "CHECK", "GC", "STATUS"]) {
    const { ended: done, got: asked } = await withAgent((socket) => socket.end(encodeAnswer({ ok: true, text: "" })), {
      CNI_COMMAND: command,
    });
    assert.deepEqual(done, { code: 0, stdout: "", stderr: "" });
    assert.equal(decodeQuestion(asked).command, command);
  }
});

test("an agent that is away, goes away or says what is no answer: try again later", async () => {
  const away = { cniVersion: "0.4.0", name: "n", agentSocket: join(folder, "nobody.sock") };
  assertError(
    await runClient({ CNI_COMMAND: "DEL" }, JSON.stringify(away)),
    11,
    /nobody\.sock: No such file or directory; the Carrick agent of this node must run, and listen there/,
    "0.4.0",
  );
  assertError(await runClient({ CNI_COMMAND: "STATUS" }, JSON.stringify(away)), 50, /No such file/, "0.4.0");

  const answer = encodeAnswer({ ok: true, text: '{"ips":[]}' });
  const bad: Buffer[] = [
    Buffer.alloc(0),
    Buffer.from("HTTP/1.1 200 OK\r\n\r\n"),
    encodeAnswer({ ok: false, text: "" }),
  ];
  for (let size = 1; size < answer.length; size++) bad.push(answer.subarray(0, size));
  const status = Buffer.from(answer);
  status.writeUInt32BE(2, 4);
  const size = Buffer.from(answer);
  size.writeUInt32BE(0xffff_ffff, 8);
  for (const bytes of [...bad, status, size]) {
    const { ended } = await withAgent((socket) => socket.end(bytes), { CNI_COMMAND: "ADD" });
    assertError(ended, 11, /ended the connection before it had answered ADD/, "1.0.0");
  }
  const empty = await withAgent((socket) => socket.end(encodeAnswer({ ok: true, text: "" })), { CNI_COMMAND: "ADD" });
  assertError(empty.ended, 11, /the answer to ADD was empty/, "1.0.0");
  const gone = await withAgent((socket) => socket.destroy(), { CNI_COMMAND: "STATUS" });
  assertError(gone.ended, 50, /ended the connection/, "1.0.0");
});

test("an agent that is silent, or reads nothing, costs the runtime a bounded time", async () => {
  const impatient = buildFrom(["./build", join(folder, "impatient"), "-DPATIENCE_MS=100"], join(folder, "impatient"));
  const path = join(folder, "silent.sock");
  const sockets: Socket[] = [];
  const server = createServer({ pauseOnConnect: true }, (socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    for (const padding of ["", "x".repeat(900_000)]) {
      const input = JSON.stringify({ cniVersion: "1.1.0", agentSocket: path, padding });
      const ended = await runClient({ CNI_COMMAND: "ADD" }, input, impatient);
      assertError(ended, 11, /did not answer ADD within 100 ms; its log says why/);
      assertError(await runClient({ CNI_COMMAND: "STATUS" }, input, impatient), 50, /did not answer STATUS/);
    }
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
  // An input that does not end.
  const child = spawn(impatient, [], { env: { CNI_COMMAND: "ADD" }, stdio: ["pipe", "pipe", "pipe"] });
  const printed = await new Promise<string>((resolve) => child.stdout.on("data", (bytes) => resolve(String(bytes))));
  assert.deepEqual([JSON.parse(printed).code, /timed out/.test(printed)], [5, true], printed);
});

test("an environment or an input that cannot be right is an error that names it", async () => {
  const add = { CNI_COMMAND: "ADD" };
  assertError(await runClient({}, "{}"), 4, /CNI_COMMAND is not set/);
  assertError(await runClient({ CNI_COMMAND: 'ADD"\\' }, "{}"), 4, /CNI_COMMAND is ADD'', and must be ADD, DEL/);
  assertError(
    await runClient({ ...add, CNI_ARGS: "x".repeat(5000) }, "{}"),
    4,
    /CNI_ARGS has 5000 bytes, at most 4096/,
  );
  assertError(await runClient(add, ""), 6, /standard input \(0 bytes\) is not one JSON object/);
  assertError(await runClient(add, "x".repeat(1_100_000)), 5, /has more than 1048\d\d\d bytes/);
  const closed = spawnSync("sh", ["-c", 'exec "$0" <&-', buildClient()], { env: add });
  assertError(
    { code: closed.status, stdout: closed.stdout.toString(), stderr: "" },
    5,
    /cannot be read from standard input: Bad file/,
  );
  for (const agentSocket of ["", "relative.sock", "/a\\b", `/${"x".repeat(4096)}`]) {
    assertError(await runClient(add, JSON.stringify({ agentSocket })), 7, /agentSocket must be an absolute path/);
  }
  const long = `/${"x".repeat(107)}`;
  assertError(
    await runClient(add, JSON.stringify({ agentSocket: long })),
    7,
    /longer than a socket's path can be \(107 bytes\)/,
  );
  // Without one the agent is where it is by default, which is not here.
  for (const given of [
    "{}",
    '{"agentSocket":null}',
    '{"runtimeConfig":{"agentSocket":"/evil"},"prevResult":[{"agentSocket":"/evil"}]}',
  ]) {
    assertError(await runClient(add, given), 11, /^\/run\/carrick\/agent\.sock: /);
  }
});

test("with standard output closed it fails, and the agent hears nothing else than the question", async () => {
  const path = join(folder, "closed.sock");
  const got: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on("data", (chunk: Buffer) => {
      got.push(chunk);
      socket.write(encodeAnswer({ ok: true, text: "{}" }));
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    const input = JSON.stringify({ agentSocket: path });
    const child = spawn("sh", ["-c", 'exec "$0" >&-', buildClient()], {
      env: { CNI_COMMAND: "ADD" },
      stdio: ["pipe", "ignore", "ignore"],
    });
    child.stdin.end(input);
    const code = await new Promise((resolve) => child.once("close", resolve));
    assert.equal(code, 1);
    assert.equal(decodeQuestion(Buffer.concat(got)).input, input);
  } finally {
    server.close();
  }
});

/** The scanner of the client under the address and undefined-behaviour sanitizers. */
function scan(documents: readonly Buffer[]): (string | undefined)[][] {
  const output = join(folder, "config-scan");
  const flags = ["-g", "-O1", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined"];
  const program = buildFrom(
    ["gcc", ...flags, "-fno-sanitize-recover=all", "-o", output, "tests/config-scan.c", "config-scan.c"],
    output,
  );
  const framed = documents.flatMap((document) => {
    const size = Buffer.alloc(4);
    size.writeUInt32BE(document.length);
    return [size, document];
  });
  const run = spawnSync(program, { input: Buffer.concat(framed), maxBuffer: 1 << 28 });
  assert.equal(run.status, 0, run.stderr.toString());
  const lines = run.stdout.toString().trimEnd().split("\n");
  assert.equal(lines.length, documents.length);
  return lines.map((line) => {
    const [kind, ...texts] = line.split(" ");
    if (kind === "refused") return [];
    return texts.map((text) => (text === "-" ? undefined : Buffer.from(text, "hex").toString()));
  });
}

test("what the client reads of a configuration is what JSON.parse reads", () => {
  const key = fc.constantFrom("cniVersion", "agentSocket", "agentSocke", "agentSocket2", "name", "", "é", "__proto__x");
  const { json } = fc.letrec<{ json: string; object: string }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 6, depthIdentifier: "json" },
      fc.json({ maxDepth: 2 }),
      fc.string({ unit: "binary" }).map((text) => JSON.stringify(text)),
      tie("object"),
      fc.array(tie("json"), { maxLength: 3 }).map((items) => ` [${items.join(" ,\n")} ]`),
    ),
    // Fields may come twice: texts, not objects.
    object: fc
      .array(fc.tuple(key, tie("json")), { maxLength: 5 })
      .map((fields) => `{${fields.map(([name, value]) => `\t"${name}" :${value}`).join(",")}\r}`),
  }));
  const documents = fc
    .sample(json, { numRuns: 3000, seed: 7 })
    .concat(["{}", " {} ", "{} x", "{}{}", "[]", "7", '"x"', ""]);
  const found = scan(documents.map((text) => Buffer.from(text)));
  let objects = 0;
  for (const [i, text] of documents.entries()) {
    const value = parsed(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      assert.deepEqual(found[i], [], text);
      continue;
    }
    objects++;
    const fields = value as Readonly<Record<string, unknown>>;
    for (const [at, name] of ["cniVersion", "agentSocket"].entries()) {
      const wanted = Object.hasOwn(fields, name) ? fields[name] : undefined;
      const got = found[i]![at];
      if (typeof wanted !== "string") assert.equal(got, undefined, text);
      else assert.equal(JSON.parse(`"${got}"`), wanted, text);
    }
  }
  assert.ok(objects > 500, `${objects} objects`);
});

test("bytes that are no configuration are refused, and never read beyond their end", () => {
  const whole = Buffer.from(
    '{"a":[1,{"b":"\\u00e9\\\\"}],"agentSocket":"/run/x","cniVersion":"1.1.0","c":{"d":[true,null,-1.5e3]}}',
  );
  const broken: Buffer[] = [];
  for (let size = 0; size < whole.length; size++) broken.push(whole.subarray(0, size));
  for (const text of [
    '{"a":1,}',
    "{,}",
    '{"a"}',
    '{"a":}',
    '{"a":1 "b":2}',
    "{a:1}",
    '{"a":"\n"}',
    '{"a":"\\x"}',
    '{"a":"\\u12g4"}',
    '{"a":[1,]}',
    '{"a":[}',
    '{"a":{]}',
    "{\"a\":'b'}",
    '{"a":"b',
    '{"a\\',
    '{"\\u',
    "\u0000",
    '{"a":1}\u0000',
    '{"a":"\u0000"}',
    `{"a":${"[".repeat(64)}${"]".repeat(64)}}`,
    `{"a":${"[".repeat(500_000)}`,
    '{"a":'.repeat(100_000),
  ]) {
    broken.push(Buffer.from(text));
  }
  assert.deepEqual(
    scan(broken).filter((fields) => fields.length > 0),
    [],
  );
  const deepest = `{"a":${"[".repeat(63)}${"]".repeat(63)},"agentSocket":"/x"}`;
  assert.deepEqual(scan([whole, Buffer.from(deepest)]), [
    ["1.1.0", "/run/x"],
    [undefined, "/x"],
  ]);

  // Anything at all: only the sanitizers judge.
  const noise = fc.sample(
    fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc
        .array(fc.constantFrom(...'{}[],:"\\u0a1 -agentSocket'.split("")), { maxLength: 60 })
        .map((letters) => Buffer.from(letters.join(""))),
      fc.tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 })).map(([at, byte]) => {
        const changed = Buffer.from(whole);
        changed[at] = byte;
        return changed;
      }),
    ),
    { numRuns: 5000, seed: 11 },
  );
  assert.equal(scan(noise.map((bytes) => Buffer.from(bytes))).length, 5000);
});

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
