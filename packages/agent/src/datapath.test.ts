import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { Bed, SOCK_OBJECT } from "./bpf/fixture.ts";
import { BpfMap, uninstall } from "./bpf/index.ts";
import { MapType } from "./bpf/kernel/abi.ts";
import { checked, libbpf } from "./bpf/kernel/libbpf.ts";
import { SOCKET_PROGRAMS } from "./bpf/socket-programs.ts";
import type { Config } from "./config/schema.ts";
import { DatapathError, type DatapathLog, openDatapath } from "./datapath.ts";

/** A machine with a cgroup and a folder for pins of its own, and what the agent logs on it. */
function machine(t: TestContext) {
  const bed = new Bed();
  const runDir = mkdtempSync(join(tmpdir(), "carrick-datapath-"));
  t.after(async () => {
    for (const part of ["services", "pods"]) uninstall(join(bed.folder, part));
    await bed[Symbol.asyncDispose]();
    rmSync(runDir, { recursive: true, force: true });
  });
  const lines: string[] = [];
  const write = (level: string) => (fields: unknown, text?: string) => {
    const { program = "", state = "" } = typeof fields === "object" ? (fields as Record<string, string>) : {};
    lines.push([level, program, state, text ?? String(fields)].filter((part) => part !== "").join(" "));
  };
  const log: DatapathLog = { info: write("info"), warn: write("warn"), error: write("error") };
  const bpf: Config["bpf"] = {
    folder: bed.folder,
    cgroup: bed.cgroup,
    objects: dirname(SOCK_OBJECT),
    frontends: 64,
    services: 32,
    backends: 16,
  };
  return {
    bed,
    runDir,
    bpf,
    taken: () => lines.splice(0),
    open: (more: Partial<Config["bpf"]> = {}) => openDatapath({ bpf: { ...bpf, ...more }, runDir }, log),
  };
}

test("programs come into force, the maps get their sizes, and the next agent takes both over as they are", async (t) => {
  const { bed, open, taken } = machine(t);
  const first = await open();
  assert.deepEqual(
    taken(),
    SOCKET_PROGRAMS.map((program) => `info ${program} attached socket program is in force`),
  );
  assert.deepEqual(readdirSync(join(bed.folder, "services", "links")).sort(), [...SOCKET_PROGRAMS].sort());
  assert.equal(first.services.slotLimit, 32);
  assert.equal(first.services.frontends.facts.maxEntries, 64);
  assert.deepEqual(first.pods.guarded(), []);
  assert.equal(first.services.counters().picked, 0n);
  first.release();
  const second = await open();
  assert.deepEqual(
    taken(),
    SOCKET_PROGRAMS.map((program) => `info ${program} replaced socket program is in force`),
  );
  second.release();
});

test("a second agent is refused while the first one holds the lock, and touches nothing", async (t) => {
  const { open, taken, runDir } = machine(t);
  const first = await open();
  taken();
  await assert.rejects(open(), {
    name: "LockHeldError",
    message: `${runDir}/writer.lock: another agent of this node holds it and writes the service map; stop that one first`,
  });
  assert.deepEqual(taken(), []);
  first.publisher.complete();
  await first.publisher.flush();
  first.release();
});

test("maps grow to larger sizes when an agent starts, and do not shrink", async (t) => {
  const { open } = machine(t);
  (await open()).release();
  for (const [services, slots] of [
    [64, 64],
    [16, 64],
  ] as const) {
    const again = await open({ services });
    assert.equal(again.services.slotLimit, slots);
    again.release();
  }
});

for (const [what, wrong, message] of [
  [
    "programs that are not there",
    { objects: "/nowhere" },
    /^\/nowhere\/sock\.bpf\.o: is missing; install it beside the agent, or name its folder by bpf\.objects$/,
  ],
  [
    "a folder for pins that can hold none",
    { folder: join(tmpdir(), "carrick-no", "pins") },
    /^bpf\.folder: .*carrick-no\/pins is in no bpf file system; name a folder under \/sys\/fs\/bpf$/,
  ],
  [
    "a cgroup that is not there",
    { cgroup: "/nowhere" },
    /^bpf\.cgroup: \/nowhere is no cgroup of version 2; name one, or leave it out for all$/,
  ],
  ["a cgroup that is a plain folder", { cgroup: tmpdir() }, /^bpf\.cgroup: .* is no cgroup of version 2/],
] as const) {
  test(`refused in one sentence: ${what}`, async (t) => {
    const { open, taken } = machine(t);
    await assert.rejects(open(wrong), (error) => {
      assert.ok(error instanceof DatapathError);
      assert.match(error.message, message);
      return true;
    });
    assert.deepEqual(taken(), []);
    (await open()).release();
  });
}

test("maps of another release are refused, and the lock is given back", async (t) => {
  const { bed, open } = machine(t);
  const maps = join(bed.folder, "services", "maps");
  mkdirSync(maps, { recursive: true });
  const foreign = BpfMap.create({
    type: MapType.HASH,
    name: "heads",
    keySize: 4,
    valueSize: 16,
    maxEntries: 8,
    flags: 0,
  });
  checked("pin", libbpf.pin(foreign.fd, join(maps, "heads")));
  foreign.close();
  await assert.rejects(open(), /map heads has type.*it is of another release: drain the node and uninstall that one/);
  uninstall(join(bed.folder, "services"));
  (await open()).release();
});
