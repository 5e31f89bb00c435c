/** Which versions of the CNI specification are spoken. */
import { CniCode, CniError } from "./cni-error.ts";

/** Oldest first; the client's `CNI_VERSIONS` are the same. */
export const CNI_VERSIONS = ["0.4.0", "1.0.0", "1.1.0"] as const;
export type CniVersion = (typeof CNI_VERSIONS)[number];
/** Spoken where the runtime's version is not known. */
export const NEWEST: CniVersion = "1.1.0";

/** Operations that are forwarded to the agent. */
export const COMMANDS = ["ADD", "DEL", "CHECK", "GC", "STATUS"] as const;
export type Command = (typeof COMMANDS)[number];

/** GC and STATUS came with 1.1.0. Throws `CniError`. */
export function spokenVersion(version: unknown, command: Command): CniVersion {
  const known = CNI_VERSIONS.find((one) => one === version);
  if (known === undefined) {
    const given = version === undefined ? "is missing" : `is ${JSON.stringify(version)?.slice(0, 40)}`;
    throw new CniError(
      CniCode.incompatibleVersion,
      `cniVersion ${given}; set one of ${CNI_VERSIONS.join(", ")} in the network configuration`,
    );
  }
  if ((command === "GC" || command === "STATUS") && known !== "1.1.0") {
    throw new CniError(
      CniCode.incompatibleVersion,
      `cniVersion ${known} has no ${command}; set 1.1.0 in the network configuration`,
    );
  }
  return known;
}
