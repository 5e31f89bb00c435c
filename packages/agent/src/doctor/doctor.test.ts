/** On this machine, whose kernel carries the mesh. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Check } from "@carrick/core/report";
import { BPF_FILESYSTEM, cgroup2Root } from "../bpf/index.ts";
import { configSchema } from "../config/schema.ts";
import { examine } from "./examine.ts";
import { judgeVersion } from "./libbpf.ts";
import { NEEDS } from "./needs.ts";
import { findCgroup, findObjects } from "./node-files.ts";
import { rightsOf } from "./rights.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const OBJECTS = fileURLToPath(new URL("../../../../build/datapath", import.meta.url));

function configOf(bpf: object, cni?: object) {
  const tls = { certificate: "c", key: "k", authority: "a" };
  const controllers = [{ address: "127.0.0.1", port: 1 }];
  return { cluster: "london", node: "n1", controllers, tls, bpf, ...(cni !== undefined && { cni }) };
}

const parsed = (bpf: object) => configSchema.parse(configOf(bpf));

function bad(checks: readonly Check[]): string[] {
  return checks.flatMap(({ level, says }) => (level === "ok" ? [] : [`${level}: ${says}`]));
}

interface Ran {
  readonly code: number;
  readonly checks: Check[];
}

/** `carrick agent doctor` as a process, behind `wrapper`. */
async function run(config: object, wrapper: readonly string[] = [], env: object = {}): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), "carrick-doctor-"));
  try {
    const file = join(folder, "agent.yaml");
    writeFileSync(file, JSON.stringify(config));
    const own = [process.execPath, "--conditions=source", MAIN, "doctor", "-o", "json", "--config", file];
    const [command, ...args] = [...wrapper, ...own];
    const ended = await promisify(execFile)(command!, args, { env: { ...process.env, ...env } }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      (error: { code: number; stdout: string }) => error,
    );
    return { code: ended.code, checks: (JSON.parse(ended.stdout) as { checks: Check[] }).checks };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("everything is tried on the kernel and well, and nothing stays", async () => {
  const cni = { podCidrs: ["10.11.1.0/24"] };
  const { code, checks } = await run(configOf({ objects: OBJECTS }, cni));
  assert.deepEqual(bad(checks), []);
  assert.equal(checks.length, Object.keys(NEEDS).length);
  assert.equal(code, 0);
  const left = [cgroup2Root(), BPF_FILESYSTEM].flatMap((folder) => readdirSync(folder));
  assert.deepEqual(
    left.filter((name) => name.startsWith("carrick-doctor-")),
    [],
  );
});

test("a root without the rights is told which are missing, and the mesh cannot run", async () => {
  const drop = ["setpriv", "--bounding-set=-sys_admin,-net_admin", "--"];
  const { code, checks } = await run(configOf({ objects: OBJECTS }), drop);
  assert.equal(code, 3);
  assert.ok(bad(checks).includes("problem: root lacks CAP_NET_ADMIN and CAP_SYS_ADMIN here"), bad(checks).join("\n"));
  const attach = checks.find(({ says }) => says.startsWith("attach connect4"));
  assert.match(attach?.says ?? bad(checks).join("\n"), /operation not permitted \(EPERM\)$/);
});

test("without libbpf everything else is looked at all the same", async () => {
  const folder = mkdtempSync(join(tmpdir(), "carrick-libbpf-"));
  try {
    writeFileSync(join(folder, "libbpf.so.1"), "");
    const { code, checks } = await run(configOf({ objects: OBJECTS }), [], { LD_LIBRARY_PATH: folder });
    assert.equal(code, 3);
    const [first = "", ...others] = bad(checks);
    assert.match(first, /^problem: libbpf\.so\.1 cannot be loaded \(.+\)$/);
    assert.deepEqual(
      others.map((says) => says.endsWith("was not tried: libbpf is missing")),
      [true, true, true, true],
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("who is not root is told what was not tried", async () => {
  const checks = await examine(parsed({ objects: OBJECTS }), false);
  assert.deepEqual(bad(checks), [
    "unknown: looking at the rights of the agent was not tried: this is not root",
    "unknown: pinning a map was not tried: only root can",
    "unknown: loading the programs of sockets was not tried: only root can",
    "unknown: attaching a program to a cgroup was not tried: only root can",
    "unknown: loading the programs of pods' interfaces was not tried: only root can",
  ]);
});

test("programs that are missing, or are none", async () => {
  const folder = mkdtempSync(join(tmpdir(), "carrick-objects-"));
  try {
    const missing = bad(await examine(parsed({ objects: folder })));
    assert.equal(missing[0], `problem: ${folder}/sock.bpf.o and ${folder}/pod.bpf.o are missing`);
    assert.equal(
      missing[1],
      "unknown: loading the programs of sockets was not tried: the compiled programs are missing",
    );
    for (const name of ["sock", "pod"]) writeFileSync(join(folder, `${name}.bpf.o`), "no program");
    const none = bad(await examine(parsed({ objects: folder })));
    assert.match(none[0]!, /^problem: open .*sock\.bpf\.o: /);
    assert.equal(none[1], "unknown: attaching a program to a cgroup was not tried: it cannot be loaded");
    const tools = findObjects({ sock: join(folder, "a"), pod: join(folder, "b") }, folder);
    assert.match(JSON.stringify(tools), /to build them clang/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a folder outside of cgroup2, and a machine without it", () => {
  assert.deepEqual(findCgroup("/proc").finding, { missing: "/proc is in no tree of cgroup2" });
  assert.deepEqual(findCgroup("/nowhere").finding, { missing: "/nowhere does not exist" });
  assert.match(JSON.stringify(findCgroup(undefined, "").finding), /^\{"missing":"no cgroup2 file system is mounted/);
});

test("rights and versions as the machine says them", () => {
  const status = (bits: string) => `Name:\tnode\nCapEff:\t${bits}\nSeccomp:\t0\n`;
  assert.deepEqual(rightsOf(status("0000000000001000"), true), { missing: "root lacks CAP_SYS_ADMIN here" });
  assert.ok("met" in rightsOf(status("000001ffffffffff"), true));
  assert.ok("unseen" in rightsOf("Name:\tnode\n", true));
  assert.deepEqual(judgeVersion("v0.8"), { missing: "libbpf v0.8 is too old" });
  assert.deepEqual([judgeVersion("v1.1"), judgeVersion("v2.0")], [{ met: "libbpf 1.1" }, { met: "libbpf 2.0" }]);
});
