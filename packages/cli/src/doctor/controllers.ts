import { allStatuses } from "../api/all-statuses.ts";
import type { Trust } from "../api/trust.ts";
import { type Check, ok, problem, warning } from "./check.ts";
import { isHealthy } from "../health.ts";

const AREA = "controllers";

/** Whether controllers answer, and whether `carrick status` has more to say. */
export async function checkControllers(controllers: readonly URL[], trust: Trust | undefined): Promise<Check[]> {
  const { reports, silent } = await allStatuses(controllers, { trust });
  return [
    ...reports.map((report) =>
      isHealthy(report)
        ? ok(AREA, `${report.replica} answers and is healthy`)
        : warning(AREA, `${report.replica} answers, but something asks for a person`, "look at carrick status"),
    ),
    ...silent.map((sentence) =>
      problem(AREA, sentence, "start it, or name it with --controller or CARRICK_CONTROLLER"),
    ),
  ];
}
