import { paragraph, printable, type StatusReport } from "@carrick/core/report";
import type { Statuses } from "../api/all-statuses.ts";
import type { Paint } from "./paint.ts";
import { duration } from "./quantity.ts";
import { clusterLines } from "./status-clusters.ts";
import { fleetLines } from "./status-fleets.ts";
import { meshLines } from "./status-mesh.ts";
import { problemLines } from "./status-problems.ts";

/**
 * What `carrick status` prints, in lines. `width` is that of the screen in columns. What replicas say alike is said once;
 * each Envoy is connected to one of them.
 */
export function renderStatus({ reports, silent }: Statuses, width: number, paint: Paint): string[] {
  const several = reports.length + silent.length > 1;
  return [
    ...reports.flatMap((report) => header(report, width, paint)),
    ...silent.flatMap((sentence) => paragraph(sentence, width, "").map((line) => paint("bad", line))),
    "",
    ...clusterLines(reports, width, paint),
    ...fleetLines(reports, several, width, paint),
    ...meshLines(reports, several, width, paint),
    "",
    ...problemLines(reports, width, paint),
  ];
}

function header(report: StatusReport, width: number, paint: Paint): string[] {
  const up = duration(report.now - report.started);
  const ready = report.ready ? paint("good", "ready") : paint("bad", "not ready");
  return [
    `${paint("title", printable(report.replica))} (Carrick ${printable(report.version)}), up ${up}, ${ready}`,
    ...report.waitingFor.flatMap((sentence) => paragraph(`waits: ${sentence}`, width, "  ")),
  ];
}
