/** Where and with what a figure was measured. */
import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";
import { findEnvoy } from "../../packages/lab/src/envoy/index.ts";

export interface Origin {
  /** Of the checkout; `+` behind it: with changes that are not committed. */
  readonly commit: string;
  /** When the benchmark ended, as ISO 8601. */
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  readonly envoy: string;
}

export function origin(now: Date): Origin {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 1024 ** 3);
  return {
    commit: commit(),
    date: now.toISOString(),
    machine: `${cpus().length} × ${first?.model ?? "unknown processor"}, ${memory} GiB, Linux ${release()}`,
    node: process.version,
    envoy: envoyVersion(),
  };
}

/** A checkout without git (a source archive) has no commit to name. */
function commit(): string {
  try {
    const git = (...args: string[]): string => execFileSync("git", args, { encoding: "utf8", stdio: "pipe" }).trim();
    return `${git("rev-parse", "--short=12", "HEAD")}${git("status", "--porcelain") === "" ? "" : "+"}`;
  } catch {
    return "unknown";
  }
}

/** `envoy  version: <hash>/1.40.0/Clean/RELEASE/BoringSSL` */
function envoyVersion(): string {
  const said = execFileSync(findEnvoy(), ["--version"], { encoding: "utf8" });
  return /\/(\d+\.\d+\.\d+)\//.exec(said)?.[1] ?? said.trim();
}
