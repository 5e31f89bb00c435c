import type { StatusReport } from "@carrick/core/report";
import { CommandError, EXIT } from "../exit-code.ts";
import { statusOf } from "./answers.ts";
import type { AskOptions } from "./ask.ts";

export interface Statuses {
  readonly reports: readonly StatusReport[];
  /** Why the others gave none, one sentence each. */
  readonly silent: readonly string[];
}

/** The status of every controller, asked at once. Throws a `CommandError` if one refuses. */
export async function allStatuses(controllers: readonly URL[], options: AskOptions): Promise<Statuses> {
  const silent: string[] = [];
  const answers = await Promise.all(
    controllers.map(async (controller) => {
      try {
        return await statusOf(controller, options);
      } catch (error) {
        if (!(error instanceof CommandError) || error.exit !== EXIT.unanswered) throw error;
        silent.push(error.message);
        return undefined;
      }
    }),
  );
  return { reports: answers.filter((report) => report !== undefined), silent };
}
