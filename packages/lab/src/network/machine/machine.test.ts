import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { spawnTied } from "../../process/index.ts";
import { cgroupRoot, ensureCgroup, listCgroups, processesOf, removeCgroups, runCgroup } from "./cgroups.ts";
import { parseMounts } from "./mounts.ts";
import { ensureBpffs, ensurePins, listPins, removePins, runPins } from "./pins.ts";
import { killProcesses } from "./processes.ts";

const MOUNTINFO = `23 1 0:28 / /sys rw,relatime - sysfs sysfs rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 master:3 - cgroup2 cgroup2 rw
77 23 0:4 net:[4026532177] /run/netns/cr-a\\040b rw shared:1 - nsfs nsfs rw
broken line`;

test("mounts are read with their optional fields and their escapes", () => {
  assert.deepEqual(parseMounts(MOUNTINFO), [
    { path: "/sys", root: "/", type: "sysfs" },
    { path: "/sys/fs/cgroup", root: "/", type: "tmpfs" },
    { path: "/sys/fs/cgroup/unified", root: "/", type: "cgroup2" },
    { path: "/run/netns/cr-a b", root: "net:[4026532177]", type: "nsfs" },
  ]);
  assert.equal(cgroupRoot(parseMounts(MOUNTINFO)), "/sys/fs/cgroup/unified");
  assert.throws(() => cgroupRoot([]), { name: "CgroupError", message: /no cgroup2 is mounted; mount it/ });
});

test("a run's cgroups are made, hold its processes, and are removed with what is below", async (t) => {
  const run = `t${process.pid}`;
  t.after(() => {
    killProcesses(run);
    removeCgroups(run);
  });
  const node = ensureCgroup(run, "london-n1");
  assert.equal(ensureCgroup(run, "london-n1"), node);
  assert.equal(node, join(cgroupRoot(), "carrick-lab", run, "london-n1"));
  const pod = ensureCgroup(run, "london-n1/pods/7");
  for (const bad of ["", "../../other", "a//b", "a/."])
    assert.throws(() => ensureCgroup(run, bad), /names no cgroup of a run/);
  const tied = await spawnTied({
    command: process.execPath,
    args: ["-e", "setInterval(() => {}, 1000); console.log('ready')"],
    stdio: ["ignore", "pipe", "inherit"],
    place: { cgroup: pod },
  });
  await new Promise((resolve) => tied.child.stdout!.once("data", resolve));
  assert.deepEqual(processesOf(runCgroup(run)), [tied.pid]);
  assert.throws(() => removeCgroups(run), {
    name: "CgroupError",
    message: new RegExp(`pods/7: cannot be removed: processes ${tied.pid} are in it; end them`),
  });
  assert.equal(killProcesses(run), 1);
  removeCgroups(run);
  assert.deepEqual(listCgroups(runCgroup(run)), []);
  removeCgroups(run);
  assert.equal((await tied.exited).signal, "SIGKILL");
});

test("a place that is not there ends the program with a line, not somewhere else", async () => {
  for (const place of [{ cgroup: "/sys/fs/cgroup/absent" }, { namespace: "/run/netns/cr-absent" }]) {
    const tied = await spawnTied({ command: "echo", args: ["ran"], stdio: ["ignore", "pipe", "pipe"], place });
    let [out, err] = ["", ""];
    tied.child.stdout!.on("data", (text) => (out += String(text)));
    tied.child.stderr!.on("data", (text) => (err += String(text)));
    assert.notEqual((await tied.exited).code, 0);
    assert.equal(out, "");
    assert.match(err, /absent/);
  }
});

test("a run's pins are listed and removed", () => {
  ensureBpffs();
  ensureBpffs();
  const run = `t${process.pid}`;
  try {
    const path = ensurePins(run, "london-n1");
    assert.equal(path, `/sys/fs/bpf/carrick/${run}/london-n1`);
    assert.deepEqual(listPins(runPins(run)), [path]);
  } finally {
    removePins(run);
  }
  assert.equal(existsSync(runPins(run)), false);
  removePins(run);
});
