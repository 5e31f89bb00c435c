import { type CallReport, type KernelReport, paragraph, printable } from "@carrick/core/report";
import type { PortBeside } from "../service/beside.ts";
import type { Paint, Tone } from "./paint.ts";
import { counted } from "./quantity.ts";
import { portLines } from "./service.ts";
import { stepsLines } from "./steps.ts";

const TONE: Readonly<Record<CallReport["outcome"], Tone>> = {
  routed: "good",
  direct: "good",
  refused: "bad",
  unknown: "warning",
};

/** What `carrick explain` prints of a pod's connection to a Service, in lines. */
export function renderCall(
  report: CallReport,
  beside: readonly PortBeside[],
  kernel: KernelReport | undefined,
  width: number,
  paint: Paint,
): string[] {
  const { client, namespace, service, steps } = report;
  const who = `${client.cluster}:${client.namespace}/${client.pod}`;
  const verdict = printable(`${who} to Service ${namespace}/${service}: ${outcome(report)}`);
  return [
    ...paragraph(verdict, width, "").map((line) => paint(TONE[report.outcome], line)),
    "",
    ...stepsLines(steps, width, paint),
    ...beside.flatMap((one) => portLines(one, kernel, width, paint)),
    ...elsewhere(report, kernel, width, paint),
  ];
}

function outcome({ outcome, port }: CallReport): string {
  const taking = port?.groups.reduce((sum, { share, endpoints }) => sum + (share > 0 ? endpoints : 0), 0) ?? 0;
  if (outcome === "routed") return `routed to ${counted(taking, "endpoint")}`;
  if (outcome === "direct") return "goes without the mesh";
  return outcome === "unknown" ? "not known yet" : "refused";
}

/** The kernel that was asked is not the one that decides for this pod. */
function elsewhere({ client }: CallReport, kernel: KernelReport | undefined, width: number, paint: Paint): string[] {
  if (kernel === undefined || client.node === "" || kernel.node === client.node) return [];
  const sentence = `The pod is on node ${client.node}, and its connections are decided by the kernel there.`;
  return paragraph(sentence, width, "  ").map((line) => paint("warning", line));
}
