import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { SystemError } from "../../sys/system-error.ts";
import { Bed, POD_OBJECT, SOCK_OBJECT } from "../fixture.ts";
import { attachSocketPrograms, SOCKET_PROGRAMS } from "../socket-programs.ts";
import { MapType, MMAPABLE } from "./abi.ts";
import { BpfMap } from "./bpf-map.ts";
import { BpfObject } from "./bpf-object.ts";
import { libbpf } from "./libbpf.ts";
import { mapFacts } from "./object-info.ts";
import { loadPinned, uninstall } from "./pinned-object.ts";

const folder = mkdtempSync(join(tmpdir(), "carrick-bpf-test-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function hash(maxEntries: number): BpfMap {
  return BpfMap.create({ type: MapType.HASH, name: "test", keySize: 4, valueSize: 8, maxEntries, flags: 0 });
}

function key(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

function value(value: number): Uint8Array {
  return new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
}

/** Compiles a program that is attached as `cgroup/connect4` and is not one of ours. */
function compile(name: string, body: string): string {
  const source = join(folder, `${name}.bpf.c`);
  const output = join(folder, `${name}.bpf.o`);
  writeFileSync(
    source,
    `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
${body}
char _license[] SEC("license") = "GPL";`,
  );
  const flags = ["-O2", "-g", "-target", "bpf", "-mcpu=v3", "-I/usr/include/x86_64-linux-gnu", "-c"];
  execFileSync("clang", [...flags, source, "-o", output], { stdio: "inherit" });
  return output;
}

test("the programs of a release load, and their maps have the sizes of the layout", () => {
  const pods = BpfObject.load({ path: POD_OBJECT });
  assert.deepEqual([...pods.programs.keys()].sort(), ["from_pod", "to_pod"]);
  pods.close();
  const object = BpfObject.load({ path: SOCK_OBJECT, maxEntries: { frontends: 10 } });
  assert.deepEqual([...object.programs.keys()].sort(), [...SOCKET_PROGRAMS].sort());
  assert.equal(object.map("frontends").facts.maxEntries, 10);
  assert.throws(
    () => object.map("frontends").expect(20, 16),
    /keys of 20 and values of 8 bytes, this agent expects 20 and 16/,
  );
  assert.throws(() => object.map("none"), /no map none/);
  object.close();
});

test("what the verifier refuses is told in its own words, and a file that is none by name", () => {
  const path = compile(
    "wild",
    `SEC("cgroup/connect4") int wild(struct bpf_sock_addr *ctx) { return *(volatile int *)0; }`,
  );
  assert.throws(
    () => BpfObject.load({ path }),
    (error: unknown) =>
      error instanceof SystemError &&
      /wild\.bpf\.o: the kernel's verifier says:\n[^]*invalid mem access/.test(error.message),
  );
  assert.throws(() => BpfObject.load({ path: join(folder, "none.o") }), /open .*none\.o: no such file/);
});

test("a buffer of another size than the map's never gets to the kernel", () => {
  const map = hash(4);
  assert.throws(() => map.update(key(1), new Uint8Array(7)), /map test: a value has 8 bytes, not 7/);
  assert.throws(() => map.lookup(new Uint8Array(5)), /a key has 4 bytes, not 5/);
  assert.throws(() => map.updateAll([[key(1), new Uint8Array(9)]]), /a value has 8 bytes, not 9/);
  assert.throws(() => map.delete(new Uint8Array(0)), /a key has 4 bytes, not 0/);
  assert.throws(() => map.deleteAll([new Uint8Array(3)]), /a key has 4 bytes, not 3/);
  assert.throws(() => map.memory(), /map test is no array that can be mapped/);
  map.close();
});

test("entries are written, found, listed and deleted, one by one and by the thousand", () => {
  const map = hash(5000);
  map.update(key(1), value(10));
  assert.deepEqual(map.lookup(key(1)), value(10));
  assert.equal(map.lookup(key(2)), undefined);
  assert.deepEqual([map.delete(key(1)), map.delete(key(1))], [true, false]);
  const all = Array.from({ length: 5000 }, (_, i) => [key(i), value(i * 2)] as const);
  assert.deepEqual(map.updateAll(all), []);
  const found = [...map.entries()].map(([key, value]) => [
    Buffer.from(key).readUInt32LE(),
    Buffer.from(value).readUInt32LE(),
  ]);
  assert.deepEqual(
    found.toSorted(([a = 0], [b = 0]) => a - b),
    all.map((_, i) => [i, i * 2]),
  );
  map.deleteAll([key(9999), ...all.map(([key]) => key)]);
  assert.deepEqual([...map.entries()], []);
  map.close();
});

test("what does not fit is told by position, and what comes after it and fits is written", () => {
  const map = hash(2);
  const entries = [1, 2, 3, 1, 4, 2].map((i, position) => [key(i), value(position)] as const);
  assert.deepEqual(map.updateAll(entries), [2, 4]);
  assert.deepEqual(map.lookup(key(1)), value(3));
  assert.deepEqual(map.lookup(key(2)), value(5));
  assert.throws(
    () => map.update(key(5), value(0)),
    (error: unknown) => error instanceof SystemError && error.code === "E2BIG",
  );
  map.close();
});

test("the memory of an array is the array", () => {
  const map = BpfMap.create({
    type: MapType.ARRAY,
    name: "test",
    keySize: 4,
    valueSize: 8,
    maxEntries: 1000,
    flags: MMAPABLE,
  });
  const words = new BigUint64Array(map.memory());
  Atomics.store(words, 999, 7n);
  assert.deepEqual(map.lookup(key(999)), value(7));
  map.update(key(0), value(9));
  assert.equal(Atomics.load(words, 0), 9n);
  map.close();
});

test("programs are replaced in place: the links stay the same, and one that fails leaves what was there", async () => {
  await using bed = new Bed();
  const first = attachSocketPrograms(bed.load(), bed.cgroup, bed.folder);
  assert.deepEqual(
    first.map(({ state }) => state),
    SOCKET_PROGRAMS.map(() => "attached"),
  );
  const second = attachSocketPrograms(bed.load(), bed.cgroup, bed.folder);
  assert.deepEqual(
    second.map(({ state }) => state),
    SOCKET_PROGRAMS.map(() => "replaced"),
  );
  assert.deepEqual(readdirSync(join(bed.folder, "links")).sort(), [...SOCKET_PROGRAMS].sort());

  // A program of another type cannot take the link's place.
  const stranger = BpfObject.load({
    path: compile("stranger", `SEC("cgroup_skb/egress") int connect4(struct __sk_buff *skb) { return 1; }`),
  });
  const [attachment] = attachSocketPrograms(stranger, bed.cgroup, bed.folder, ["connect4"]);
  assert.equal(attachment?.state, "kept");
  assert.match(String(attachment.error), /replace the program of the link .*connect4/);
  stranger.close();
  const [again] = attachSocketPrograms(bed.load(), bed.cgroup, bed.folder, ["connect4"]);
  assert.equal(again?.state, "replaced");
});

test("a pin of a link to another cgroup, or to one that is gone, gives way to a link to the right one", async () => {
  await using bed = new Bed();
  const object = bed.load();
  const [old, next] = ["old", "next"].map((name) => join(bed.cgroup, name)) as [string, string];
  try {
    for (const cgroup of [old, next]) {
      mkdirSync(cgroup);
      const [attachment] = attachSocketPrograms(object, cgroup, bed.folder, ["connect4"]);
      assert.deepEqual(attachment, { program: "connect4", state: "attached" });
    }
    const attached = (cgroup: string): string[] => {
      const list = execFileSync("bpftool", ["-j", "cgroup", "show", cgroup], { encoding: "utf8" });
      return list.trim() === "" ? [] : (JSON.parse(list) as { name: string }[]).map(({ name }) => name);
    };
    assert.deepEqual([attached(old), attached(next)], [[], ["connect4"]]);
    rmdirSync(next);
    mkdirSync(next);
    const [again] = attachSocketPrograms(object, next, bed.folder, ["connect4"]);
    assert.equal(again?.state, "attached");
    assert.deepEqual(attached(next), ["connect4"]);
  } finally {
    for (const cgroup of [old, next]) if (existsSync(cgroup)) rmdirSync(cgroup);
  }
});

test("pinned maps are used again with the size that they have; other programs' maps are refused", async () => {
  await using bed = new Bed();
  const before = bed.load(SOCK_OBJECT, { frontends: 100 }).map("frontends").facts;
  assert.deepEqual(bed.load(SOCK_OBJECT, { frontends: 200 }).map("frontends").facts, before);
  const body = `struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, int); __type(value, int); } frontends SEC(".maps");
SEC("cgroup/connect4") int connect4(struct bpf_sock_addr *ctx) { int key = 0; return bpf_map_lookup_elem(&frontends, &key) == 0; }`;
  const path = compile("foreign", body);
  assert.throws(
    () => loadPinned({ path, folder: bed.folder }),
    /map frontends has type, key, value and flags 1, 20, 8, 0, but .* needs 1, 4, 4, 0/,
  );
});

test("uninstalling leaves no link, no pin and no map", async () => {
  await using bed = new Bed();
  const object = bed.load();
  bed.attach(object);
  const { id } = object.map("frontends").facts;
  const pinned = libbpf.openPin(join(bed.folder, "maps", "frontends"));
  assert.equal(mapFacts(pinned).id, id);
  uninstall(bed.folder);
  uninstall(bed.folder);
  assert.ok(!readdirSync("/sys/fs/bpf").includes(bed.name));
});
