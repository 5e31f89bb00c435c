/** Against the kernel: every operation is asked for, and read back. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { addAddress, deleteAddress, ensureAddress, listAddresses } from "./address.ts";
import { pair } from "./fixture.ts";
import { AF_INET6 } from "./ip.ts";
import { listRoutes } from "./route.ts";

test("addresses of both families are usable at once, listed, and deleted", (t) => {
  const { net, link } = pair(t);
  addAddress(net, "l0", { address: "10.11.1.7/32" });
  addAddress(net, link, { address: "fd10:1:1::7/64", noPrefixRoute: true });
  const own = listAddresses(net, "l0").filter(({ scope }) => scope === "global");
  const usable = { link, scope: "global", tentative: false, duplicate: false };
  assert.deepEqual(own, [
    { ...usable, address: "10.11.1.7/32" },
    { ...usable, address: "fd10:1:1::7/64" },
  ]);
  assert.deepEqual(
    listRoutes(net, { family: AF_INET6 }).filter(({ destination }) => destination === "fd10:1:1::/64"),
    [],
  );
  assert.throws(() => addAddress(net, "l0", { address: "10.11.1.7/32" }), { code: "EEXIST" });
  assert.equal(ensureAddress(net, "l0", { address: "10.11.1.7/32" }), false);
  assert.equal(ensureAddress(net, "l0", { address: "10.11.1.8/32" }), true);
  for (const address of ["10.11.1.7/32", "10.11.1.8/32", "fd10:1:1::7/64"]) deleteAddress(net, link, address);
  assert.deepEqual(
    listAddresses(net).filter(({ scope }) => scope === "global"),
    [],
  );
  assert.throws(() => deleteAddress(net, link, "10.11.1.7/32"), { code: "EADDRNOTAVAIL" });
});

test("a table that changes while it is read is read whole, or said to be unreadable, never torn", async (t) => {
  const { left, net, link } = pair(t);
  const stable = Array.from({ length: 1500 }, (_, i) => `10.${i >> 8}.${i & 255}.1/32`);
  for (const address of stable) addAddress(net, link, { address });
  const source = `
    const { workerData, parentPort } = require("node:worker_threads");
    import(workerData.index).then(({ openNamespace, addAddress, deleteAddress }) => {
      const net = openNamespace(workerData.path).rtnetlink();
      const stop = new Int32Array(workerData.stop);
      parentPort.postMessage("begins");
      for (let i = 0; Atomics.load(stop, 0) === 0; i = (i + 1) % 200) {
        addAddress(net, "l0", { address: "192.0.2." + i + "/32" });
        deleteAddress(net, "l0", "192.0.2." + i + "/32");
        // Seldom enough that a reader who asks again meets a quiet moment.
        Atomics.wait(stop, 0, 0, 2);
      }
    });`;
  const stop = new SharedArrayBuffer(4);
  const index = new URL("./index.ts", import.meta.url).href;
  const worker = new Worker(source, { eval: true, workerData: { index, path: left.path, stop } });
  t.after(() => worker.terminate());
  await once(worker, "message");
  let whole = 0;
  for (let round = 0; round < 200; round++) {
    let listed: string[];
    try {
      listed = listAddresses(net, link).map(({ address }) => address);
    } catch (error) {
      assert.match(String(error), /list addresses: it changed while it was read, 10 times \(EAGAIN\)/);
      continue;
    }
    whole++;
    const own = listed.filter((address) => address.startsWith("10."));
    assert.equal(new Set(own).size, own.length, "an address came twice");
    assert.equal(own.length, stable.length);
  }
  Atomics.store(new Int32Array(stop), 0, 1);
  assert.ok(whole > 0, "nothing could be read");
});
