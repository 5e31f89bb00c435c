import {
  type EnvoyStatus,
  type FleetStatus,
  paragraph,
  printable,
  shortened,
  type StatusReport,
  wrap,
} from "@carrick/core/report";
import { agreed, type Said, whoSays } from "./agreed.ts";
import type { Paint } from "./paint.ts";
import { bytes, count, counted, duration } from "./quantity.ts";
import { refusalLines } from "./refusals.ts";
import { table } from "./table.ts";

/** Stands for a space at which no line ends. */
const TOGETHER = "\u00a0";
const NAME_WIDTH = { least: 11, most: 24 };
/** What the table of Envoys has beside the names, in columns. */
const FIGURES_WIDTH = 39;
interface Connected {
  readonly envoy: EnvoyStatus;
  readonly replica: string;
  readonly forMs: number;
}

/** Each fleet behind an empty line, with the Envoys of all replicas; of `several`, each says to which it is connected. */
export function fleetLines(reports: readonly StatusReport[], several: boolean, width: number, paint: Paint): string[] {
  const said = reports.flatMap((report) => report.fleets.map((fleet): Said<FleetStatus> => [report.replica, fleet]));
  return [...Map.groupBy(said, ([, { name }]) => name)].flatMap(([name, fleet]) => {
    const connected = connectedTo(name, reports);
    return [
      "",
      ...heads(fleet, width, paint),
      ...held(fleet, width, paint),
      ...(connected.length === 0
        ? [`  no Envoy is connected${several ? "" : " to this replica"}`]
        : envoyLines(connected, several, width, paint)),
    ];
  });
}

function connectedTo(fleet: string, reports: readonly StatusReport[]): Connected[] {
  return reports.flatMap(({ replica, now, fleets }) =>
    fleets
      .filter(({ name }) => name === fleet)
      .flatMap(({ envoys }) => envoys.map((envoy) => ({ envoy, replica, forMs: now - envoy.connectedSince }))),
  );
}

function heads(fleet: readonly Said<FleetStatus>[], width: number, paint: Paint): string[] {
  const views = agreed(fleet, ({ hosts, resources }) => JSON.stringify([hosts, resources]));
  return views.flatMap((view) => {
    const [{ name, hosts, resources }] = view.values;
    const who = whoSays(view, fleet.length);
    const types = Object.entries(resources).map(([type, size]) => `${type}${TOGETHER}${count(size)}`);
    const title = printable(`Fleet ${name}${who === undefined ? "" : ` (${who})`}`);
    const about = `${counted(hosts, "host")}; resources: ${types.join(", ") || "none"}`;
    const [first = "", ...more] = wrap(about, Math.max(30, width - title.length - 2)).map((line) =>
      printable(line.replaceAll(TOGETHER, " ")),
    );
    return [`${paint("title", title)}: ${first}`, ...more.map((line) => `  ${line}`)];
  });
}

function held(fleet: readonly Said<FleetStatus>[], width: number, paint: Paint): string[] {
  const said = fleet.flatMap(([replica, { held = [] }]) => held.map((sentence): Said<string> => [replica, sentence]));
  return agreed(said, (sentence) => sentence).flatMap((view) => {
    const who = whoSays(view, fleet.length);
    const sentence = `${who === undefined ? "" : `${who}: `}${view.values[0]}`;
    return paragraph(sentence, width, "  ").map((line) => paint("warning", line));
  });
}

function envoyLines(connected: readonly Connected[], several: boolean, width: number, paint: Paint): string[] {
  const names = Math.floor((width - FIGURES_WIDTH) / (several ? 3 : 2)) - 2;
  const most = Math.min(NAME_WIDTH.most, Math.max(NAME_WIDTH.least, names));
  const name = (text: string): string => shortened(printable(text), most);
  const [titles = "", ...rows] = table(
    [
      { title: "ENVOY" },
      { title: "CLUSTER" },
      ...(several ? [{ title: "REPLICA" }] : []),
      { title: "CONNECTED", align: "right" },
      { title: "PENDING", align: "right" },
      { title: "REFUSED", align: "right" },
      { title: "SENT", align: "right" },
    ],
    connected.map(({ envoy, replica, forMs }) => [
      name(envoy.name),
      name(envoy.cluster),
      ...(several ? [name(replica)] : []),
      duration(forMs),
      envoy.pending === 0 ? "0" : paint("warning", count(envoy.pending)),
      envoy.refused.length === 0 ? "0" : paint("bad", count(envoy.refused.length)),
      bytes(envoy.bytesSent),
    ]),
  );
  return [
    `  ${paint("title", titles)}`,
    ...rows.flatMap((line, i) => [`  ${line}`, ...refusalLines(connected[i]!.envoy, width, paint)]),
  ];
}
