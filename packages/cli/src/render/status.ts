import { stripVTControlCharacters } from "node:util";
import { refText } from "@carrick/core/model";
import type {
  ClusterStatus,
  EnvoyStatus,
  FleetStatus,
  KindStatus,
  ObjectProblem,
  StatusReport,
} from "@carrick/core/report";
import { troubledKinds } from "../health.ts";
import type { Paint, Tone } from "./paint.ts";
import { bytes, count, counted, duration } from "./quantity.ts";
import { table } from "./table.ts";
import { paragraph, printable, shortened } from "./text.ts";

const NAME_WIDTH = 24;
/** Of the refusals of one Envoy and of the problems of one source; more are counted, and the JSON has all. */
const SHOWN = 5;

/** What `carrick status` prints, in lines. `width` is that of the screen in columns. */
export function renderStatus(report: StatusReport, width: number, paint: Paint): string[] {
  return [
    ...header(report, width, paint),
    "",
    ...clusters(report.clusters, width, paint),
    ...report.fleets.flatMap((fleet) => ["", ...fleetLines(fleet, report.now, width, paint)]),
    "",
    ...problems(report, width, paint),
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

const STATE_TONE: Readonly<Record<ClusterStatus["state"], Tone>> = { fresh: "good", stale: "warning", unknown: "bad" };

function clusters(all: readonly ClusterStatus[], width: number, paint: Paint): string[] {
  const rows = all.map((cluster) => [
    shortened(printable(cluster.name), NAME_WIDTH),
    paint(STATE_TONE[cluster.state], cluster.state),
    age(cluster.kinds),
    cluster.drain ? paint("warning", "drained") : "-",
    count(cluster.weight),
    count(cluster.kinds.reduce((sum, kind) => sum + kind.objects, 0)),
  ]);
  const columns = [
    { title: "CLUSTER" },
    { title: "STATE" },
    { title: "AGE", align: "right" },
    { title: "DRAIN" },
    { title: "WEIGHT", align: "right" },
    { title: "OBJECTS", align: "right" },
  ] as const;
  const widest = Math.max(
    0,
    ...table(
      columns,
      rows.map((row) => row.map(stripVTControlCharacters)),
    ).map((line) => line.length),
  );
  const left = Math.max(20, width - widest - 2);
  const lines = table(
    [...columns, { title: "FROM" }],
    rows.map((row, i) => [...row, shortened(printable(all[i]!.from), left)]),
  );
  const [titles = "", ...found] = lines;
  return [paint("title", titles), ...found.flatMap((line, i) => [line, ...troubles(all[i]!, width, paint)])];
}

function troubles(cluster: ClusterStatus, width: number, paint: Paint): string[] {
  const more = cluster.problems.length - SHOWN;
  return [
    ...alike(troubledKinds(cluster)).flatMap((kinds) => kindLines(kinds, width)),
    ...cluster.problems.slice(0, SHOWN).flatMap((sentence) => paragraph(sentence, width, "  ")),
    ...(more > 0 ? [`  and ${count(more)} more`] : []),
  ].map((line) => paint("warning", line));
}

/** How long the kind that has been silent longest says nothing. */
function age(kinds: readonly KindStatus[]): string {
  const ages = kinds.flatMap(({ state, ageMs }) => (state === "absent" || ageMs === undefined ? [] : [ageMs]));
  return ages.length === 0 ? "never" : duration(Math.max(...ages));
}

/** Kinds with the same trouble: an API server that is down has it with all of them. */
function alike(kinds: readonly KindStatus[]): KindStatus[][] {
  return [...Map.groupBy(kinds, ({ state, fromCache, error }) => JSON.stringify([state, fromCache, error])).values()];
}

function kindLines(kinds: readonly KindStatus[], width: number): string[] {
  const [{ state, fromCache, error }] = kinds as [KindStatus];
  const ages = kinds.flatMap(({ ageMs }) => ageMs ?? []);
  const said = [
    `${kinds.map(({ kind }) => kind).join(", ")}: ${state}`,
    ...(fromCache ? ["from the copy on disk"] : []),
    ...(ages.length === 0 ? [] : [`silent for ${duration(Math.max(...ages))}`]),
  ].join(", ");
  return paragraph(`${said}${error === undefined ? "" : ` (${error})`}`, width, "  ");
}

function fleetLines(fleet: FleetStatus, now: number, width: number, paint: Paint): string[] {
  const resources = Object.entries(fleet.resources).map(([type, size]) => `${type} ${count(size)}`);
  const title = `Fleet ${printable(fleet.name)}`;
  const about = `${counted(fleet.hosts, "host")}; resources: ${resources.join(", ") || "none"}`;
  const head = [`${paint("title", title)}: ${printable(about)}`];
  if (fleet.envoys.length === 0) return [...head, "  no Envoy is connected"];
  const [titles = "", ...rows] = table(
    [
      { title: "ENVOY" },
      { title: "CLUSTER" },
      { title: "CONNECTED", align: "right" },
      { title: "PENDING", align: "right" },
      { title: "REFUSED", align: "right" },
      { title: "SENT", align: "right" },
    ],
    fleet.envoys.map((envoy) => [
      shortened(printable(envoy.name), NAME_WIDTH),
      shortened(printable(envoy.cluster), NAME_WIDTH),
      duration(now - envoy.connectedSince),
      envoy.pending === 0 ? "0" : paint("warning", count(envoy.pending)),
      envoy.refused.length === 0 ? "0" : paint("bad", count(envoy.refused.length)),
      bytes(envoy.bytesSent),
    ]),
  );
  return [
    ...head,
    `  ${paint("title", titles)}`,
    ...rows.flatMap((line, i) => [`  ${line}`, ...refusals(fleet.envoys[i]!, width, paint)]),
  ];
}

function refusals(envoy: EnvoyStatus, width: number, paint: Paint): string[] {
  const more = envoy.refused.length - SHOWN;
  return [
    ...envoy.refused
      .slice(0, SHOWN)
      .flatMap(({ type, name, message }) => paragraph(`refuses ${type} ${name}: ${message}`, width, "    ")),
    ...(more > 0 ? [`    and ${count(more)} more`] : []),
  ].map((line) => paint("bad", line));
}

function problems(report: StatusReport, width: number, paint: Paint): string[] {
  const objects = byObject(report.problems);
  if (objects.length === 0 && report.moreProblems === 0) return [paint("good", "No object has a problem.")];
  const total = report.problems.length + report.moreProblems;
  const head = `${counted(total, "problem")}${report.moreProblems > 0 ? `, the first ${report.problems.length} are` : ""}`;
  return [
    paint("title", report.moreProblems > 0 ? head : `${head} on ${counted(objects.length, "object")}`),
    ...objects.flatMap((found) => objectLines(found, width, paint)),
  ];
}

function byObject(found: readonly ObjectProblem[]): ObjectProblem[][] {
  return [...Map.groupBy(found, ({ object }) => refText(object)).values()];
}

function objectLines(found: readonly ObjectProblem[], width: number, paint: Paint): string[] {
  const [{ object, heldVersion }] = found as [ObjectProblem];
  const serves = heldVersion === undefined ? "" : `; ${heldVersion} still serves`;
  const head = `${refText(object)} (resourceVersion ${object.resourceVersion}${serves})`;
  return [
    ...paragraph(head, width, "  ").map((line) => paint("warning", line)),
    ...found.flatMap(({ problem }) => {
      const at = problem.path === "" ? "" : `${problem.path}: `;
      return paragraph(`${at}${problem.message} [${problem.code}]`, width, "    ");
    }),
  ];
}
