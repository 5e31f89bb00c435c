import { type ExplainEndpoint, type ExplainReport, printable, shortened, wrap } from "@carrick/core/report";
import { endpointText } from "./endpoint.ts";
import type { Paint, Tone } from "./paint.ts";
import { counted, percent } from "./quantity.ts";
import { stepsLines } from "./steps.ts";
import { table } from "./table.ts";

const POD_WIDTH = 32;

/** What `carrick explain` prints, in lines: the decisions in their order, each with the objects that it rests on. */
export function renderExplain(report: ExplainReport, width: number, paint: Paint): string[] {
  return [
    ...verdict(report, width, paint),
    "",
    ...stepsLines(report.steps, width, paint),
    ...(report.endpoints.length === 0 ? [] : ["", ...endpointLines(report.endpoints, paint)]),
  ];
}

function verdict(report: ExplainReport, width: number, paint: Paint): string[] {
  const request = printable(`${report.url} on fleet ${report.fleet}`);
  return wrap(`${request}: ${outcome(report)}`, width).map((line) => paint(TONE[report.outcome], line));
}

const TONE: Readonly<Record<ExplainReport["outcome"], Tone>> = { routed: "good", refused: "bad", unknown: "warning" };

function outcome({ outcome, status, endpoints }: ExplainReport): string {
  if (outcome === "routed") return `routed to ${counted(endpoints.length, "endpoint")}`;
  if (outcome === "unknown") return "not known yet";
  return status === undefined ? "refused by the edge" : `answered by the edge itself with ${status}`;
}

function endpointLines(endpoints: readonly ExplainEndpoint[], paint: Paint): string[] {
  const [titles = "", ...rows] = table(
    [
      { title: "SHARE", align: "right" },
      { title: "ENDPOINT" },
      { title: "CLUSTER" },
      { title: "POD" },
      { title: "NODE" },
    ],
    endpoints.map(({ share, address, port, cluster, pod, node }) => [
      percent(share),
      endpointText({ address, port }),
      printable(cluster),
      shortened(printable(pod), POD_WIDTH) || "-",
      printable(node) || "-",
    ]),
  );
  return [paint("title", titles), ...rows];
}
