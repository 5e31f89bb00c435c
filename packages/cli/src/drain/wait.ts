import { printable } from "@carrick/core/report";
import { allStatuses } from "../api/all-statuses.ts";
import type { Trust } from "../api/trust.ts";
import type { CliContext } from "../context.ts";
import { Convergence, type Progress } from "./convergence.ts";

export interface WaitOptions {
  readonly cluster: string;
  readonly drain: boolean;
  readonly controllers: readonly URL[];
  readonly trust: Trust | undefined;
  readonly timeoutMs: number;
}

export type WaitEnd = "taken" | "late" | "interrupted";

const ASK_EVERY_MS = 200;
const LINE_START = "\r\u001b[K";

/** Asks the controllers until each shows the drain and their Envoys have taken it. */
export async function waitForEnvoys(
  context: CliContext,
  options: WaitOptions,
): Promise<{ readonly end: WaitEnd; readonly progress: Progress }> {
  const { cluster, drain, controllers, trust, timeoutMs } = options;
  const convergence = new Convergence(cluster, drain);
  const interruption = context.interruption();
  const late = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([interruption, late]);
  let progress: Progress = convergence.next([]);
  try {
    while (true) {
      const { reports } = await allStatuses(controllers, { trust, signal });
      progress = convergence.next(reports);
      if (progress.done) return { end: "taken", progress };
      show(context, `${cluster}: ${progressSentence(progress)}`);
      await context.pause(ASK_EVERY_MS, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    return { end: interruption.aborted ? "interrupted" : "late", progress };
  } finally {
    show(context, "");
  }
}

/** What is still to come. */
export function progressSentence({ waiting, taken, pending }: Omit<Progress, "done">): string {
  if (waiting.length > 0) return `${waiting.join(", ")} ${waiting.length === 1 ? "does" : "do"} not show it yet`;
  if (pending.length === 0) return "no controller answers";
  return `${taken.length} of ${taken.length + pending.length} Envoys have it, not yet ${pending.join(", ")}`;
}

function show(context: CliContext, text: string): void {
  if (context.showsProgress) context.process.stderr.write(`${LINE_START}${printable(text)}`);
}
