import type { StatusReport } from "@carrick/core/report";
import { CommandError, EXIT } from "../exit-code.ts";
import { statusOf } from "./answers.ts";
import type { AskOptions } from "./ask.ts";

export interface Statuses {
  readonly reports: readonly StatusReport[];
  /** Why the others gave none, one sentence each. */
  readonly silent: readonly string[];
}

/** The status of every controller, asked at once, in their order. Throws a `CommandError` if one refuses. */
export async function allStatuses(controllers: readonly URL[], options: AskOptions): Promise<Statuses> {
  const answers = await Promise.all(controllers.map((controller) => statusOrReason(controller, options)));
  return {
    reports: answers.filter((answer) => typeof answer !== "string"),
    silent: answers.filter((answer) => typeof answer === "string"),
  };
}

async function statusOrReason(controller: URL, options: AskOptions): Promise<StatusReport | string> {
  try {
    return await statusOf(controller, options);
  } catch (error) {
    if (!(error instanceof CommandError) || error.exit !== EXIT.unanswered) throw error;
    return error.message;
  }
}
