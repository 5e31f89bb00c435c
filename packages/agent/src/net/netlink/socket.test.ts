/** Against the kernel: every operation is asked for, and read back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pair } from "../fixture.ts";
import { findLink, listLinks } from "../link.ts";
import { LinkMessage } from "../link-message.ts";
import { Rtnetlink } from "./socket.ts";

test("a socket speaks of its own namespace, and says when it is closed", (t) => {
  const { left, net } = pair(t);
  using here = new Rtnetlink();
  assert.equal(findLink(here, "l0"), undefined);
  assert.equal(
    left.within(() => findLink(here, "l0")),
    undefined,
  );
  net.close();
  net.close();
  assert.throws(() => listLinks(net), { code: "EBADF", message: "list links: it was closed (EBADF)" });
  assert.throws(() => here.request("ask for nonsense", LinkMessage.set, 0, new Uint8Array(3)), {
    code: "EINVAL",
    message: /^ask for nonsense: /,
  });
  assert.ok(listLinks(here).length > 0, "a refusal does not spoil the socket");
});
