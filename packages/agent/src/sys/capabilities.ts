/** What this process may do beyond other processes: capabilities(7). */
import { readFileSync } from "node:fs";

/** Their bits, by linux/capability.h. */
const BITS = { CAP_NET_ADMIN: 12, CAP_SYS_ADMIN: 21 } as const;

export type Capability = keyof typeof BITS;

/** Those of `wanted` that are not in effect, by proc(5)'s text on the process. */
export function missingCapabilities(
  wanted: readonly Capability[],
  status = readFileSync("/proc/self/status", "utf8"),
): Capability[] {
  const [, effective] = /^CapEff:\s*([0-9a-f]+)$/m.exec(status) ?? [];
  if (effective === undefined) throw new Error("/proc/self/status has no line CapEff; mount proc at /proc");
  const mask = BigInt(`0x${effective}`);
  return wanted.filter((name) => ((mask >> BigInt(BITS[name])) & 1n) === 0n);
}
