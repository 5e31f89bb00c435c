import type { Finding } from "./needs.ts";

/** Bits of capabilities(7). */
const NEEDED = { CAP_NET_ADMIN: 12n, CAP_SYS_ADMIN: 21n } as const;

/** By the text of `/proc/self/status`, proc(5). */
export function rightsOf(status: string, isRoot: boolean): Finding {
  if (!isRoot) return { unseen: "this is not root" };
  const effective = /^CapEff:\s*([0-9a-f]{1,16})$/m.exec(status)?.[1];
  if (effective === undefined) return { unseen: "/proc/self/status does not say which capabilities this process has" };
  const bits = BigInt(`0x${effective}`);
  const missing = Object.entries(NEEDED).flatMap(([name, bit]) => ((bits >> bit) & 1n ? [] : [name]));
  if (missing.length > 0) return { missing: `root lacks ${missing.join(" and ")} here` };
  return { met: `root, with ${Object.keys(NEEDED).join(" and ")}` };
}
