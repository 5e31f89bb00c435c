import assert from "node:assert/strict";
import { test } from "node:test";
import { checkCapabilities, RightsError } from "./rights.ts";

const ADMIN = 1n << 21n;
const NET_ADMIN = 1n << 12n;
const status = (mask: bigint) => `Name:\tnode\nCapEff:\t${mask.toString(16).padStart(16, "0")}\nCapBnd:\t0\n`;
const cni = { podCidrs: ["10.11.1.0/24"], meshCidrs: [], mtu: 1500, nodeAddresses: [] };

test("what is missing is named with the reason and the fix", () => {
  checkCapabilities({ cni }, status(ADMIN | NET_ADMIN));
  checkCapabilities({ cni: undefined }, status(ADMIN));
  const refused = (config: Parameters<typeof checkCapabilities>[0], mask: bigint, message: string) =>
    assert.throws(() => checkCapabilities(config, status(mask)), new RightsError(message));
  refused(
    { cni },
    0n,
    "this process has no CAP_SYS_ADMIN and no CAP_NET_ADMIN, so it cannot load programs into the kernel and connect pods; run it as root with CAP_SYS_ADMIN and CAP_NET_ADMIN, in a container as privileged",
  );
  refused(
    { cni: undefined },
    NET_ADMIN,
    "this process has no CAP_SYS_ADMIN, so it cannot load programs into the kernel; run it as root with CAP_SYS_ADMIN, in a container as privileged",
  );
});

test("without a word on them nothing is guessed", () => {
  assert.throws(() => checkCapabilities({ cni }, "Name:\tnode\n"), /no line CapEff; mount proc/);
});
