import type { Config } from "./config/schema.ts";
import { type Capability, missingCapabilities } from "./sys/index.ts";

/** The process may not do what the agent is for. One sentence with reason and fix. */
export class RightsError extends Error {
  override readonly name = "RightsError";
}

/** Throws `RightsError`. `status`: proc(5)'s text on the process. */
export function checkCapabilities({ cni }: Pick<Config, "cni">, status?: string): void {
  const wanted: Capability[] = ["CAP_SYS_ADMIN", ...(cni === undefined ? [] : (["CAP_NET_ADMIN"] as const))];
  const missing = missingCapabilities(wanted, status);
  if (missing.length === 0) return;
  const what = cni === undefined ? "load programs into the kernel" : "load programs into the kernel and connect pods";
  throw new RightsError(
    `this process has no ${missing.join(" and no ")}, so it cannot ${what}; run it as root with ${wanted.join(" and ")}, in a container as privileged`,
  );
}
