import {
  type KernelReport,
  paragraph,
  printable,
  type ServiceInCluster,
  type ServicePortReport,
  type ServiceReport,
  shortened,
} from "@carrick/core/report";
import { endpointKey, type KernelView, type PortBeside } from "../service/beside.ts";
import { endpointText } from "./endpoint.ts";
import type { Paint, Tone } from "./paint.ts";
import { count, counted, duration, percent } from "./quantity.ts";
import { table } from "./table.ts";

const NAME_WIDTH = 24;
/** Of the endpoints of one port; more are counted, and the JSON has all. */
const SHOWN = 40;

/** What `carrick service` prints, in lines: how it is to be served, and what the kernel has where it was asked. */
export function renderService(
  report: ServiceReport,
  beside: readonly PortBeside[],
  kernel: KernelReport | undefined,
  width: number,
  paint: Paint,
): string[] {
  const { namespace, name, here, clusters, ports } = report;
  const title = `Service ${namespace}/${name}, as nodes of ${here} serve it`;
  const none = `${here} has no address for it: its nodes do not serve it`;
  return [
    paint("title", printable(title)),
    "",
    ...clusterTable(clusters, paint),
    ...(ports.length === 0 ? ["", ...paragraph(none, width, "").map((line) => paint("bad", line))] : []),
    ...beside.flatMap((one) => portLines(one, kernel, width, paint)),
  ];
}

function clusterTable(clusters: readonly ServiceInCluster[], paint: Paint): string[] {
  const [titles = "", ...rows] = table(
    [
      { title: "CLUSTER" },
      { title: "SERVICE" },
      { title: "ADDRESSES" },
      { title: "SHARED" },
      { title: "PREFERS" },
      { title: "DRAIN" },
      { title: "WEIGHT", align: "right" },
      { title: "USED" },
    ],
    clusters.map(({ cluster, known, service, drain, weight, member }) => [
      short(cluster),
      known ? printable(service?.type ?? "-") : paint("warning", "unknown"),
      service?.addresses.map(printable).join(" ") || "-",
      service?.sharing === undefined ? "-" : service.sharing.shared ? "yes" : "no",
      service?.sharing?.affinity ?? "-",
      drain ? paint("warning", "drained") : "-",
      count(weight),
      member ? paint("good", "yes") : "no",
    ]),
  );
  return [paint("title", titles), ...rows];
}

/** A port with its groups and endpoints, behind an empty line, and what the kernel has where it was asked. */
export function portLines(
  { port, kernel: view }: PortBeside,
  kernel: KernelReport | undefined,
  width: number,
  paint: Paint,
) {
  const { affinitySeconds, partial, drainIgnored } = port;
  const at = port.addresses.map((address) => endpointText({ address, port: port.number })).join(", ");
  const notes = [
    ...(affinitySeconds > 0 ? [`A client stays with its endpoint for ${duration(affinitySeconds * 1000)}.`] : []),
    ...(partial ? ["A cluster has not been heard: there may be more, and nodes keep what they serve already."] : []),
    ...(drainIgnored ? ["Every cluster with endpoints is being drained, so the drains are ignored."] : []),
    ...(port.groups.length === 0 ? ["No endpoint is there, so connections are refused at once."] : []),
  ];
  return [
    "",
    `${paint("title", printable(`Port ${port.port} (${port.protocol})`))} at ${at}`,
    ...notes.flatMap((sentence) => paragraph(sentence, width, "  ").map((line) => paint("warning", line))),
    ...groupTable(port, view, paint),
    ...endpointTable(port, view, paint),
    ...(view === undefined || kernel === undefined ? [] : verdict(view, kernel, width, paint)),
  ];
}

/** Groups are what clusters bring; the kernel's health of a cluster is what its node saw. */
function groupTable({ groups }: ServicePortReport, view: KernelView | undefined, paint: Paint): string[] {
  if (groups.length === 0) return [];
  const health = new Map(
    view?.frontends.flatMap(({ image }) => image?.groups ?? []).map((group) => [group.cluster, group.health]),
  );
  const [titles = "", ...rows] = table(
    [
      { title: "GROUP" },
      { title: "TIER", align: "right" },
      { title: "WEIGHT", align: "right" },
      { title: "ENDPOINTS", align: "right" },
      { title: "SHARE", align: "right" },
      { title: "DRAIN" },
      ...(view === undefined ? [] : [{ title: "SEEN HEALTHY", align: "right" as const }]),
    ],
    groups.map(({ cluster, tier, weight, endpoints, share, drain }) => [
      short(cluster),
      count(tier),
      count(weight),
      count(endpoints),
      percent(share),
      drain ? paint("warning", "drained") : "-",
      ...(view === undefined ? [] : [seen(health.get(cluster)?.share)]),
    ]),
  );
  return [titles, ...rows].map((line, i) => `  ${i === 0 ? paint("title", line) : line}`);
}

function seen(share: number | undefined): string {
  return share === undefined ? "-" : percent(share);
}

const STATE: Readonly<Record<string, readonly [text: string, tone: Tone]>> = {
  ready: ["ready", "good"],
  draining: ["terminating", "warning"],
  notReady: ["not ready", "bad"],
};

function endpointTable(port: ServicePortReport, view: KernelView | undefined, paint: Paint): string[] {
  const shown = port.endpoints.slice(0, SHOWN);
  const extra = (view?.extra ?? []).slice(0, SHOWN);
  const more = port.endpoints.length + port.moreEndpoints - shown.length + (view?.extra.length ?? 0) - extra.length;
  if (shown.length + extra.length === 0) return [];
  const [titles = "", ...rows] = table(
    [
      { title: "SHARE", align: "right" },
      { title: "ENDPOINT" },
      { title: "CLUSTER" },
      { title: "STATE" },
      { title: "POD" },
      { title: "NODE" },
      ...(view === undefined ? [] : [{ title: "KERNEL" }]),
    ],
    [
      ...shown.map((endpoint) => {
        const [text, tone] = STATE[endpoint.condition]!;
        return [
          percent(endpoint.share),
          endpointText(endpoint),
          short(endpoint.cluster),
          paint(tone, text),
          short(endpoint.pod) || "-",
          short(endpoint.node) || "-",
          ...(view === undefined ? [] : [held(endpoint, view, paint)]),
        ];
      }),
      ...extra.map((endpoint) => [
        "-",
        endpointText(endpoint),
        short(endpoint.cluster),
        "-",
        "-",
        "-",
        paint("bad", "only there"),
      ]),
    ],
  );
  return [
    `  ${paint("title", titles)}`,
    ...rows.map((line) => `  ${line}`),
    ...(more > 0 ? [`  and ${counted(more, "endpoint")} more`] : []),
  ];
}

function held(endpoint: ServicePortReport["endpoints"][number], view: KernelView, paint: Paint): string {
  if (view.held.has(endpointKey(endpoint))) return endpoint.tier === undefined ? paint("bad", "has it") : "has it";
  return endpoint.tier === undefined ? "-" : paint("bad", "missing");
}

function verdict({ frontends, differences }: KernelView, { cluster, node }: KernelReport, width: number, paint: Paint) {
  const images = frontends.flatMap(({ image }) => (image === undefined ? [] : [`${image.uid}.${image.generation}`]));
  const which = images.length === 0 ? "" : ` (image ${[...new Set(images)].join(", ")})`;
  const says = differences.length === 0 ? "as it is to be" : differences.join("; ");
  return paragraph(`The kernel of ${cluster}/${node}${which}: ${says}.`, width, "  ").map((line) =>
    paint(differences.length === 0 ? "good" : "bad", line),
  );
}

function short(text: string): string {
  return shortened(printable(text), NAME_WIDTH);
}
