import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { setLinkUp } from "../link.ts";
import { withinNamespace, withinNewNamespace } from "./enter.ts";
import { testNamespace } from "./fixture.ts";
import { createNamespace, deleteNamespace, listNamespaces, namespacePath, openNamespace } from "./named.ts";
import { getSysctl, linkSysctl, setSysctls } from "./sysctl.ts";

const here = (): number => statSync("/proc/thread-self/ns/net").ino;

test("a namespace is made, found by its name, visited, and gone when it is deleted", (t) => {
  const home = here();
  const made = testNamespace(t);
  assert.notEqual(made.identity, home);
  assert.ok(listNamespaces().includes(made.name));
  {
    using again = openNamespace(made.name);
    assert.equal(again.identity, made.identity);
  }
  assert.equal(made.within(here), made.identity);
  assert.equal(here(), home);
  assert.throws(() => createNamespace(made.name), { name: "NamespaceError", message: /exists; delete it first/ });
  assert.equal(deleteNamespace(made.name), true);
  assert.equal(deleteNamespace(made.name), false);
  assert.ok(!listNamespaces().includes(made.name));
});

test("a visit comes back when it throws, and is refused when it is asynchronous", (t) => {
  const home = here();
  const away = testNamespace(t);
  assert.throws(() => away.within(() => assert.fail("in the middle")), /in the middle/);
  assert.equal(here(), home);
  assert.throws(() => away.within(async () => {}), { name: "TypeError", message: /must be synchronous/ });
  assert.equal(here(), home);
  const other = testNamespace(t);
  assert.equal(
    away.within(() => other.within(here)),
    other.identity,
  );
  assert.notEqual(withinNewNamespace(here), home);
  assert.equal(here(), home);
  assert.throws(() => withinNamespace(-1, here), { name: "SystemError", code: "EBADF" });
});

test("descriptors are not left behind", (t) => {
  const away = testNamespace(t);
  const open = (): string[] => readdirSync("/proc/self/fd");
  const before = open().length;
  for (let i = 0; i < 20; i++) {
    away.within(here);
    assert.throws(() => createNamespace(away.name));
    away.rtnetlink().close();
    openNamespace(away.name).close();
    assert.throws(() => openNamespace("/dev/null"));
  }
  assert.equal(open().length, before);
});

test("a thread that cannot come back ends its process", (t) => {
  const away = testNamespace(t);
  const source = `
    import { closeSync, readdirSync, readlinkSync } from "node:fs";
    import { openNamespace } from ${JSON.stringify(fileURLToPath(new URL("./named.ts", import.meta.url)))};
    const away = openNamespace(${JSON.stringify(away.name)});
    away.within(() => {
      for (const fd of readdirSync("/proc/self/fd").map(Number)) {
        let target = "";
        try { target = readlinkSync("/proc/self/fd/" + fd); } catch {}
        if (target.startsWith("net:[")) closeSync(fd);
      }
    });
    console.log("went on");`;
  const args = ["--conditions=source", "--input-type=module", "-e", source];
  const ended = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 30_000 });
  assert.equal(ended.signal, "SIGKILL");
  assert.equal(ended.stdout, "");
  assert.match(ended.stderr, /come back from a network namespace: .*EBADF.*would go on in the wrong network, and ends/);
});

test("a worker's visit moves the worker alone", async (t) => {
  const home = here();
  const away = testNamespace(t);
  const source = `
    const { parentPort, workerData } = require("node:worker_threads");
    const { statSync } = require("node:fs");
    import(workerData.module).then(({ openNamespace }) => {
      const here = () => statSync("/proc/thread-self/ns/net").ino;
      const away = openNamespace(workerData.name);
      const seen = away.within(() => {
        parentPort.postMessage("there");
        Atomics.wait(new Int32Array(workerData.gate), 0, 0);
        return here();
      });
      parentPort.postMessage([seen, here()]);
    });`;
  const gate = new SharedArrayBuffer(4);
  const worker = new Worker(source, {
    eval: true,
    workerData: { module: new URL("./named.ts", import.meta.url).href, name: away.name, gate },
  });
  assert.deepEqual(await once(worker, "message"), ["there"]);
  assert.equal(here(), home);
  Atomics.store(new Int32Array(gate), 0, 1);
  Atomics.notify(new Int32Array(gate), 0);
  assert.deepEqual(await once(worker, "message"), [[away.identity, home]]);
  await worker.terminate();
});

test("a half-made namespace is said to be none, and is deleted", () => {
  const name = `cr-t${process.pid}-half`;
  createNamespace(`cr-t${process.pid}-whole`).close();
  try {
    writeFileSync(namespacePath(name), "");
    assert.throws(() => openNamespace(name), { name: "NamespaceError", message: /is no network namespace; delete it/ });
    assert.throws(() => createNamespace(name), /exists/);
    assert.equal(deleteNamespace(name), true);
    assert.equal(existsSync(namespacePath(name)), false);
  } finally {
    deleteNamespace(name);
    deleteNamespace(`cr-t${process.pid}-whole`);
  }
  assert.throws(() => openNamespace(name), { name: "NamespaceError", message: /cannot be opened: ENOENT/ });
  assert.throws(() => openNamespace("/proc/self/ns/uts"), {
    name: "NamespaceError",
    message: /is no network namespace/,
  });
  for (const bad of ["", "..", ".hidden", "a b", "-a"]) assert.throws(() => createNamespace(bad), /cannot name/);
  assert.throws(() => deleteNamespace("../../etc/passwd"), /cannot name/);
});

test("of many processes that make one namespace at once, one does; the folder is mounted once", async () => {
  const name = `cr-t${process.pid}-race`;
  const source = `
    const { createNamespace } = await import(${JSON.stringify(new URL("./named.ts", import.meta.url).href)});
    try { createNamespace(${JSON.stringify(name)}); console.log("made"); } catch (error) { console.log(error.name); }`;
  const args = ["--conditions=source", "--input-type=module", "-e", source];
  const { spawn } = await import("node:child_process");
  try {
    const children = Array.from({ length: 6 }, () =>
      spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] }),
    );
    const said = await Promise.all(
      children.map(async (child) => {
        let text = "";
        child.stdout.on("data", (chunk) => (text += chunk));
        await once(child, "close");
        return text.trim();
      }),
    );
    assert.deepEqual(said.sort(), [...Array.from({ length: 5 }, () => "NamespaceError"), "made"]);
    openNamespace(name).close();
  } finally {
    deleteNamespace(name);
  }
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" "));
  const folder = mounts.filter((fields) => fields[4] === "/run/netns");
  assert.equal(folder.length, 1);
  assert.match(folder[0]!.join(" "), /shared:\d+/);
});

test("settings are those of the namespace, not of the caller's", (t) => {
  const away = testNamespace(t);
  const other = testNamespace(t);
  setSysctls(away, {
    "ipv4/ip_forward": 1,
    "ipv6/conf/all/forwarding": 1,
    "ipv4/ip_nonlocal_bind": 1,
    [linkSysctl("ipv4/conf", "lo", "rp_filter")]: 2,
    [linkSysctl("ipv6/conf", "default", "accept_dad")]: 0,
    [linkSysctl("ipv6/conf", "all", "proxy_ndp")]: 1,
  });
  for (const key of [
    "ipv4/ip_forward",
    "ipv6/conf/all/forwarding",
    "ipv4/ip_nonlocal_bind",
    "ipv6/conf/all/proxy_ndp",
  ]) {
    assert.equal(getSysctl(away, key), "1", key);
    assert.equal(getSysctl(other, key), "0", key);
  }
  assert.equal(getSysctl(away, "ipv4/conf/lo/rp_filter"), "2");
  {
    using net = away.rtnetlink();
    setLinkUp(net, "lo");
  }
  assert.throws(() => setSysctls(away, { "ipv4/conf/absent/rp_filter": 0 }), {
    name: "SysctlError",
    message: /\/proc\/sys\/net\/ipv4\/conf\/absent\/rp_filter: cannot be set to 0 in this network namespace: ENOENT/,
  });
  assert.throws(() => setSysctls(away, { "ipv4/ip_forward": "many" }), /cannot be set to many .*EINVAL/);
  assert.throws(() => getSysctl(away, "../kernel/hostname"), /no path of a setting/);
  assert.throws(() => linkSysctl("ipv4/conf", "..", "x"), { name: "LinkNameError" });
});
