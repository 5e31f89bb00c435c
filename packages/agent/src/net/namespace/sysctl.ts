/** Settings of a network namespace under /proc/sys/net. */
import { readFileSync, writeFileSync } from "node:fs";
import { checkLinkName } from "../link-message.ts";
import type { Namespace } from "./named.ts";

/** A setting does not exist, or does not take the value. */
export class SysctlError extends Error {
  override readonly name = "SysctlError";
}

/**
 * Settings by their path under `net`: `ipv4/ip_forward`, or as in `linkSysctl`. Values as the kernel reads them. Those
 * that have the value already are not written.
 */
export type Sysctls = Readonly<Record<string, string | number>>;

/** Path of a setting of one link, or of `all` or `default`: `ipv4/conf/eth0/rp_filter`. Throws `LinkNameError`. */
export function linkSysctl(
  area: "ipv4/conf" | "ipv6/conf" | "ipv4/neigh" | "ipv6/neigh",
  link: string,
  key: string,
): string {
  return `${area}/${checkLinkName(link)}/${key}`;
}

/** Sets them in the order in which they stand. Throws `SysctlError` at the first that the kernel refuses. */
export function setSysctls(namespace: Namespace, settings: Sysctls): void {
  namespace.within(() => {
    for (const [key, value] of Object.entries(settings)) {
      const path = pathOf(key);
      const text = String(value);
      try {
        if (readFileSync(path, "utf8").trim() !== text) writeFileSync(path, text);
      } catch (error) {
        throw refused(path, `set to ${text}`, error);
      }
    }
  });
}

/** Throws `SysctlError`. */
export function getSysctl(namespace: Namespace, key: string): string {
  return namespace.within(() => {
    const path = pathOf(key);
    try {
      return readFileSync(path, "utf8").trim();
    } catch (error) {
      throw refused(path, "read", error);
    }
  });
}

function pathOf(key: string): string {
  const parts = key.split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..")) {
    throw new SysctlError(`"${key}" is no path of a setting; write one like ipv4/conf/eth0/rp_filter`);
  }
  return `/proc/sys/net/${key}`;
}

function refused(path: string, what: string, error: unknown): SysctlError {
  const why = error instanceof Error ? error.message : String(error);
  return new SysctlError(`${path}: cannot be ${what} in this network namespace: ${why}`);
}
