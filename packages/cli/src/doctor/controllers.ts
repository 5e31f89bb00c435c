import { statusOf } from "../api/answers.ts";
import type { Trust } from "../api/trust.ts";
import { CommandError } from "../exit-code.ts";
import { isHealthy } from "../health.ts";
import { type Check, ok, problem, warning } from "@carrick/core/report";

const AREA = "controllers";

/** Whether controllers answer, and whether `carrick status` has more to say. */
export async function checkControllers(controllers: readonly URL[], trust: Trust | undefined): Promise<Check[]> {
  return await Promise.all(controllers.map((controller) => checkController(controller, trust)));
}

async function checkController(controller: URL, trust: Trust | undefined): Promise<Check> {
  try {
    const report = await statusOf(controller, { trust });
    if (isHealthy(report)) return ok(AREA, `${report.replica} answers and is healthy`);
    return warning(AREA, `${report.replica} answers, but something asks for a person`, "look at carrick status");
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return problem(AREA, error.message, "start it, or name another with --controller or CARRICK_CONTROLLER");
  }
}
