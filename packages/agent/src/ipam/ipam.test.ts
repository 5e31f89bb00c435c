import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { ExhaustedError, Ipam, type IpamOptions } from "./ipam.ts";
import { attachmentKey, type Owner } from "./lease.ts";

const root = mkdtempSync(join(tmpdir(), "carrick-ipam-test-"));
after(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;

function options(podCidrs: readonly string[], more: Partial<IpamOptions> = {}): IpamOptions {
  return { folder: join(root, `${folders++}`), podCidrs, ...more };
}

function owner(containerId: string, ifname = "eth0"): Owner {
  const pod = { namespace: "shop", name: `cart-${containerId}`, uid: `uid-${containerId}` };
  return { network: "carrick", containerId, ifname, netns: `/run/netns/${containerId}`, pod };
}

/** The files of given addresses. */
function files(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => !name.startsWith("."))
    .sort();
}

test("a pod gets an address of each family, and a file of each says whose it is", () => {
  const set = options(["fd10:1:1::/64", "10.11.1.0/24"]);
  const ipam = new Ipam(set);
  assert.deepEqual(ipam.families, [4, 6]);
  const { addresses, answered } = ipam.give(owner("a"));
  assert.deepEqual([addresses, answered], [["10.11.1.2", "fd10:1:1::2"], false]);
  assert.deepEqual(files(set.folder), ["10.11.1.2", "fd10:1:1::2"]);
  assert.deepEqual(JSON.parse(readFileSync(join(set.folder, "fd10:1:1::2"), "utf8")), {
    owner: owner("a"),
    answered: false,
  });
  assert.deepEqual(ipam.give(owner("a", "net1")).addresses, ["10.11.1.3", "fd10:1:1::3"]);
  assert.throws(() => ipam.give(owner("a")), /a\/eth0 holds addresses already; release them first/);
  ipam.release("a/eth0");
  ipam.release("a/eth0");
  assert.deepEqual(files(set.folder), ["10.11.1.3", "fd10:1:1::3"]);
  assert.equal(ipam.attachment("a/eth0"), undefined);
});

test("what was given, answered and given last outlives the process", () => {
  const set = options(["10.11.1.0/29", "fd10:1:1::/64"]);
  const before = new Ipam(set);
  for (const id of ["a", "b", "c"]) before.give(owner(id));
  before.answered("b/eth0");
  before.answered("nobody/eth0");
  before.release("c/eth0");
  const now = new Ipam(set);
  assert.deepEqual(now.problems, []);
  assert.deepEqual(
    now.attachments().sort((a, b) => a.owner.containerId.localeCompare(b.owner.containerId)),
    before.attachments(),
  );
  assert.deepEqual(
    now
      .attachments()
      .map(({ owner: one, answered }) => `${one.containerId} ${answered}`)
      .sort(),
    ["a false", "b true"],
  );
  // Not the address of c, which has just been given back.
  assert.deepEqual(now.give(owner("d")).addresses, ["10.11.1.5", "fd10:1:1::5"]);
});

test("an exhausted CIDR is named, and the other family's address is given back", () => {
  const set = options(["10.11.1.0/30", "fd10:1:1::/64"]);
  const ipam = new Ipam(set);
  assert.equal(ipam.exhausted(), undefined);
  ipam.give(owner("a"));
  const why =
    /pod CIDR 10\.11\.1\.0\/30 has no free address \(all 1 are given\); delete pods, or give the node a larger/;
  assert.match(ipam.exhausted()!, why);
  assert.throws(
    () => ipam.give(owner("b")),
    (error: unknown) => error instanceof ExhaustedError && why.test(error.message),
  );
  assert.deepEqual(files(set.folder), ["10.11.1.2", "fd10:1:1::2"]);
  ipam.release("a/eth0");
  assert.deepEqual(ipam.give(owner("b")).addresses, ["10.11.1.2", "fd10:1:1::3"]);

  const other = new Ipam(options(["10.11.1.0/24", "fd10:1:1::4/126"]));
  other.give(owner("a"));
  other.give(owner("b"));
  assert.throws(() => other.give(owner("c")), /pod CIDR fd10:1:1::4\/126 has no free address \(all 2 are given\)/);
  assert.deepEqual(
    other
      .attachments()
      .map(({ addresses }) => addresses)
      .flat().length,
    4,
  );
});

test("the number of pods has a limit, also where the CIDR has none", () => {
  const ipam = new Ipam(options(["fd10:1:1::/64"], { maxPods: 2 }));
  ipam.give(owner("a"));
  ipam.give(owner("b"));
  assert.throws(() => ipam.give(owner("c")), /fd10:1:1::\/64 has no free address \(the limit of 2 are given\)/);
});

test("CIDRs that do not fit together are refused", () => {
  assert.throws(() => new Ipam(options([])), /the node has no pod CIDR; give one of IPv4, one of IPv6, or both/);
  assert.throws(
    () => new Ipam(options(["10.1.0.0/24", "10.2.0.0/24"])),
    /pod CIDRs 10\.1\.0\.0\/24 and 10\.2\.0\.0\/24 are both of IPv4/,
  );
  assert.throws(() => new Ipam(options(["10.1.0.0/24", "fd10::/64", "fd11::/64"])), /are both of IPv6/);
});

test("what was given of a CIDR that the node no longer has stays given until it is released", () => {
  const before = options(["10.11.1.0/24"]);
  new Ipam(before).give(owner("a"));
  const ipam = new Ipam({ ...before, podCidrs: ["10.12.1.0/24", "fd10:1:1::/64"] });
  assert.deepEqual(ipam.attachment("a/eth0")?.addresses, ["10.11.1.2"]);
  assert.deepEqual(ipam.give(owner("b")).addresses, ["10.12.1.2", "fd10:1:1::2"]);
  ipam.release("a/eth0");
  assert.deepEqual(files(before.folder), ["10.12.1.2", "fd10:1:1::2"]);
});

test("files that nobody understands keep their address taken and are told; other files are told", () => {
  const set = options(["10.11.1.0/24"]);
  const first = new Ipam(set);
  first.give(owner("a"));
  for (const [name, content] of [
    ["10.11.1.3", "{"],
    ["10.11.1.4", JSON.stringify({ owner: { ...owner("x"), ifname: "" }, answered: true })],
    ["10.11.1.5", " ".repeat(20_000)],
    ["notes.txt", "x"],
    ["10.11.1.06", "x"],
    [".new-1-0", "half"],
  ] as const) {
    writeFileSync(join(set.folder, name), content);
  }
  const ipam = new Ipam(set);
  assert.equal(ipam.problems.length, 5);
  assert.match(ipam.problems.join("\n"), /10\.11\.1\.3 cannot be understood: the address stays taken; remove the file/);
  assert.match(ipam.problems.join("\n"), /notes\.txt is named after no address/);
  assert.deepEqual(ipam.attachments().length, 1);
  assert.deepEqual(ipam.give(owner("b")).addresses, ["10.11.1.6"]);
  assert.ok(!readdirSync(set.folder).includes(".new-1-0"));
});

test("an address that another process has given meanwhile is passed by", () => {
  const set = options(["10.11.1.0/24"]);
  const [one, other] = [new Ipam(set), new Ipam(set)];
  assert.deepEqual(one.give(owner("a")).addresses, ["10.11.1.2"]);
  assert.deepEqual(other.give(owner("b")).addresses, ["10.11.1.3"]);
  assert.deepEqual(new Ipam(set).attachments().length, 2);
});

test("over random histories with restarts no address is held twice, and memory and disk agree", () => {
  const step = fc.record({
    what: fc.constantFrom("give", "give", "release", "answer", "restart"),
    id: fc.nat({ max: 8 }),
  });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.constantFrom(["10.11.1.0/29"], ["10.11.1.0/28", "fd10::/64"]),
      (steps, cidrs) => {
        const set = options(cidrs);
        let ipam = new Ipam(set);
        for (const { what, id } of steps) {
          const key = attachmentKey(owner(`c${id}`));
          if (what === "restart") ipam = new Ipam(set);
          if (what === "release") ipam.release(key);
          if (what === "answer") ipam.answered(key);
          if (what === "give" && ipam.attachment(key) === undefined) {
            const full = ipam.exhausted() !== undefined;
            try {
              assert.equal(ipam.give(owner(`c${id}`)).addresses.length, cidrs.length);
              assert.ok(!full);
            } catch (error) {
              assert.ok(full && error instanceof ExhaustedError);
            }
          }
          const held = ipam.attachments().flatMap(({ addresses }) => addresses);
          assert.equal(new Set(held).size, held.length);
          assert.deepEqual([...held].sort(), files(set.folder));
        }
        rmSync(set.folder, { recursive: true });
      },
    ),
    { numRuns: 60 },
  );
});

test("a process that is killed while it gives and takes back loses nothing and leaves nothing half", () => {
  const set = options(["10.11.1.0/26", "fd10:1:1::/64"]);
  const code = `
    const { Ipam } = await import(${JSON.stringify(fileURLToPath(new URL("ipam.ts", import.meta.url)))});
    const ipam = new Ipam(${JSON.stringify(set)});
    // Killed by itself at a moment that nothing else decides: in the middle of any of the calls.
    const { Worker } = await import("node:worker_threads");
    new Worker("const end = process.hrtime.bigint() + BigInt(process.env.RUN_US) * 1000n; while (process.hrtime.bigint() < end); process.kill(process.pid, 'SIGKILL')", { eval: true });
    for (let i = 0; ; i++) {
      const containerId = process.env.RUN_US + "-" + (i % 40);
      ipam.release(containerId + "/eth0");
      ipam.give({ network: "n", containerId, ifname: "eth0", netns: "/n" });
      ipam.answered(containerId + "/eth0");
    }`;
  for (const us of [0, 2000, 5000, 9000, 14_000]) {
    const run = spawnSync(process.execPath, ["--conditions=source", "--input-type=module", "-e", code], {
      env: { ...process.env, RUN_US: `${us}` },
    });
    assert.equal(run.signal, "SIGKILL", run.stderr.toString());
    const ipam = new Ipam(set);
    assert.deepEqual(ipam.problems, []);
    const held = ipam.attachments();
    assert.deepEqual(held.flatMap(({ addresses }) => addresses).sort(), files(set.folder));
    // At most the one that was being made has half of its addresses, and whoever deletes it gets them back.
    assert.ok(held.filter(({ addresses }) => addresses.length !== 2).length <= 1);
    assert.ok(held.length >= 0);
    for (const { owner: one } of held) ipam.release(attachmentKey(one));
    assert.deepEqual(files(set.folder), []);
  }
});
