/** Against the kernel: every operation is asked for, and read back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pair } from "./fixture.ts";
import { ensureNeighbour, ensureNoNeighbour, ensureProxy, listNeighbours, listProxies } from "./neighbour.ts";

test("neighbours are permanent and replaced; a node answers for others", (t) => {
  const { net, link } = pair(t);
  for (const address of ["169.254.1.1", "fe80::1"]) {
    ensureNeighbour(net, { link, address, mac: "02:00:00:00:00:01" });
    ensureNeighbour(net, { link, address, mac: "02:00:00:00:00:02" });
  }
  const permanent = (): unknown[] => listNeighbours(net).filter((row) => row.permanent && row.link === link);
  assert.deepEqual(permanent(), [
    { link, address: "169.254.1.1", mac: "02:00:00:00:00:02", permanent: true },
    { link, address: "fe80::1", mac: "02:00:00:00:00:02", permanent: true },
  ]);
  assert.equal(ensureNoNeighbour(net, { link, address: "fe80::1" }), true);
  assert.equal(ensureNoNeighbour(net, { link, address: "fe80::2" }), false);
  assert.equal(permanent().length, 1);
  ensureProxy(net, { link, address: "fd30::1:12" });
  ensureProxy(net, { link, address: "fd30::1:12" });
  assert.deepEqual(
    listProxies(net).map(({ address }) => address),
    ["fd30::1:12"],
  );
});
