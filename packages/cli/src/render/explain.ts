import { refText } from "@carrick/core/model";
import {
  type Citation,
  type ExplainEndpoint,
  type ExplainReport,
  type ExplainStep,
  printable,
  shortened,
  wrap,
} from "@carrick/core/report";
import { endpointText } from "./endpoint.ts";
import type { Paint, Tone } from "./paint.ts";
import { counted, percent } from "./quantity.ts";
import { table } from "./table.ts";

const POD_WIDTH = 32;

/** What `carrick explain` prints, in lines: the decisions in their order, each with the objects that it rests on. */
export function renderExplain(report: ExplainReport, width: number, paint: Paint): string[] {
  return [
    ...verdict(report, width, paint),
    "",
    ...report.steps.flatMap((step, i) => stepLines(step, i === report.steps.length - 1, width, paint)),
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

function stepLines(step: ExplainStep, last: boolean, width: number, paint: Paint): string[] {
  const [branch, trunk] = last ? ["└─", "  "] : ["├─", "│ "];
  const what = printable(step.what);
  const [first = "", ...more] = wrap(printable(step.says), Math.max(30, width - what.length - 5));
  const margin = `${trunk}  `;
  return [
    `${branch} ${paint("title", what)}: ${first}`,
    ...wrap(more.join(" "), Math.max(30, width - margin.length)).flatMap((line) =>
      line === "" ? [] : [`${margin}${line}`],
    ),
    ...step.because.map((cited, i) => {
      const leaf = i === step.because.length - 1 ? "└─" : "├─";
      return `${trunk} ${leaf} ${paint("quiet", citation(cited))}`;
    }),
  ];
}

function citation(cited: Citation): string {
  const version = cited.resourceVersion === "" ? "not there" : `resourceVersion ${cited.resourceVersion}`;
  return printable(`${refText(cited)} (${version})`);
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
