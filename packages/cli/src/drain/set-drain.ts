import { type Access, createClient } from "@carrick/kube";
import { allStatuses } from "../api/all-statuses.ts";
import type { Trust } from "../api/trust.ts";
import type { CliContext } from "../context.ts";
import { CommandError, EXIT } from "../exit-code.ts";
import { recordDrain } from "./cluster-record.ts";
import { requireAnother, requireKnown } from "./permission.ts";
import { type WaitEnd, waitForEnvoys } from "./wait.ts";

export interface DrainOptions {
  readonly cluster: string;
  readonly drain: boolean;
  readonly reason: string | undefined;
  /** Also the last cluster, and without asking a controller. */
  readonly force: boolean;
  readonly wait: boolean;
  readonly timeoutMs: number;
  readonly controllers: readonly URL[];
  readonly trust: Trust | undefined;
  readonly access: Access;
}

/** What came of it; the JSON output of `drain` and `undrain`. */
export interface DrainOutcome {
  readonly cluster: string;
  readonly drain: boolean;
  /** Whether the record in the cluster had to be changed. */
  readonly changed: boolean;
  /** `none`: no Envoy is connected. `notAwaited`: not asked for, or no controller to ask. */
  readonly envoys: WaitEnd | "none" | "notAwaited";
  /** Names of Envoys, as `<fleet>/<name>`. */
  readonly taken: readonly string[];
  readonly pending: readonly string[];
  /** Replicas that do not show it yet. */
  readonly waiting: readonly string[];
  /** Controllers that do not answer, a sentence each. */
  readonly silent: readonly string[];
}

/** Records the drain (or its end) in the cluster and waits until the Envoys have taken it. Throws a `CommandError`. */
export async function setDrain(context: CliContext, options: DrainOptions): Promise<DrainOutcome> {
  const { cluster, drain, reason, force, controllers, trust, access } = options;
  const { reports, silent } = await allStatuses(controllers, { trust });
  if (reports.length > 0) requireKnown(cluster, reports);
  if (drain && !force) {
    if (reports.length === 0) throw nobodyToAsk(silent);
    requireAnother(cluster, reports);
  }
  const client = createClient({ access, timeouts: { connectMs: 5000, headersMs: 10_000 } });
  let changed: boolean;
  try {
    changed = await recordDrain(client, cluster, drain, reason);
  } finally {
    client.close();
  }
  const outcome = { cluster, drain, changed, taken: [], pending: [], waiting: [], silent };
  if (!options.wait || reports.length === 0) return { ...outcome, envoys: "notAwaited" };
  const { end, progress } = await waitForEnvoys(context, options);
  const { taken, pending, waiting } = progress;
  return { ...outcome, envoys: end === "taken" && taken.length === 0 ? "none" : end, taken, pending, waiting };
}

function nobodyToAsk(silent: readonly string[]): CommandError {
  return new CommandError(
    EXIT.unanswered,
    `no controller answers, so nobody knows whether another cluster is left (${silent.join("; ")}); name one with --controller, or use --force`,
  );
}
