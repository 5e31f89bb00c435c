import { ascii } from "./ascii.ts";
import type { EdgeEnvironment } from "./fleet.ts";

/** Whether a certificate with `names` may serve `host` (RFC 6125: a wildcard stands for exactly one label). */
export function covers(names: readonly string[], host: string): boolean {
  return names.includes(host) || (!host.startsWith("*") && names.includes(wildcardOf(host)));
}

/** `*.example.com` for `shop.example.com`. */
export function wildcardOf(host: string): string {
  const dot = host.indexOf(".");
  return dot < 0 ? "" : `*${host.slice(dot)}`;
}

/**
 * The server names under which Envoy may find a filter chain for a host, in its order: the name itself, then wildcards
 * from the longest suffix to the shortest (`FilterChainMatch.server_names`).
 */
export function serverNameCandidates(host: string): string[] {
  const candidates = [host];
  for (let dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1)) {
    const wildcard = `*${host.slice(dot)}`;
    if (wildcard !== host) candidates.push(wildcard);
  }
  return candidates;
}

/**
 * The filter chain of all certificates with the same names (sorted, as in `SecretRow`). A renewed certificate keeps its names, and so its chain:
 * the listener does not change.
 */
export function chainName(names: readonly string[], env: EdgeEnvironment): string {
  return `${names[0] ?? ""}-${env.hash(ascii(names.join("\n"))).slice(0, 8)}`;
}
