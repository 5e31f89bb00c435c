import type { StatusReport } from "@carrick/core/report";
import { CommandError, EXIT, usageError } from "../exit-code.ts";

/** Throws a `CommandError` if the controllers do not know the cluster. */
export function requireKnown(cluster: string, reports: readonly StatusReport[]): void {
  const known = [...new Set(reports.flatMap((report) => report.clusters.map(({ name }) => name)))];
  if (known.includes(cluster)) return;
  throw usageError(`no controller has a cluster "${cluster}"; use one of ${known.join(", ") || "none"}`);
}

/**
 * Throws a `CommandError` if no cluster would be left to take requests: of the others, each is drained already or has
 * never been seen.
 */
export function requireAnother(cluster: string, reports: readonly StatusReport[]): void {
  for (const { replica, clusters } of reports) {
    const others = clusters.filter(({ name }) => name !== cluster);
    if (others.some(({ drain, state }) => !drain && state !== "unknown")) continue;
    const why = others.map(({ name, drain }) => `${name} ${drain ? "is drained" : "has never been seen"}`);
    throw new CommandError(
      EXIT.refused,
      `${cluster} is the last cluster that takes requests (${why.join(", ") || "there is no other"}; asked ${replica}); undrain another first, or use --force`,
    );
  }
}
