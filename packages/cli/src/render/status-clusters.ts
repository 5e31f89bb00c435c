import { stripVTControlCharacters } from "node:util";
import {
  type ClusterStatus,
  type KindStatus,
  paragraph,
  printable,
  shortened,
  type StatusReport,
} from "@carrick/core/report";
import { troubledKinds } from "../health.ts";
import { type Agreed, agreed, type Said, whoSays } from "./agreed.ts";
import type { Paint, Tone } from "./paint.ts";
import { count, duration } from "./quantity.ts";
import { table } from "./table.ts";

const NAME_WIDTH = 24;
const LEAST_FROM_WIDTH = 20;
/** Of the problems of one source; more are counted, and the JSON has all. */
const SHOWN = 5;

const STATE_TONE: Readonly<Record<ClusterStatus["state"], Tone>> = { fresh: "good", stale: "warning", unknown: "bad" };

/** The table of clusters, what is in trouble below each. A cluster that replicas see differently has a row for each view. */
export function clusterLines(reports: readonly StatusReport[], width: number, paint: Paint): string[] {
  const views = viewsOf(reports);
  const differ = views.some((view) => whoSays(view, reports.length) !== undefined);
  const columns = [
    { title: "CLUSTER" },
    ...(differ ? [{ title: "REPLICA" }] : []),
    { title: "STATE" },
    { title: "AGE", align: "right" },
    { title: "DRAIN" },
    { title: "WEIGHT", align: "right" },
    { title: "OBJECTS", align: "right" },
  ] as const;
  const rows = views.map((view) => {
    const [cluster] = view.values;
    return [
      shortened(printable(cluster.name), NAME_WIDTH),
      ...(differ ? [shortened(printable(whoSays(view, reports.length) ?? "all"), NAME_WIDTH)] : []),
      paint(STATE_TONE[cluster.state], cluster.state),
      age(view.values),
      cluster.drain ? paint("warning", "drained") : "-",
      count(cluster.weight),
      count(cluster.kinds.reduce((sum, kind) => sum + kind.objects, 0)),
    ];
  });
  const bare = rows.map((row) => row.map(stripVTControlCharacters));
  const widest = Math.max(0, ...table(columns, bare).map((line) => line.length));
  const left = Math.max(LEAST_FROM_WIDTH, width - widest - 2);
  const [titles = "", ...lines] = table(
    [...columns, { title: "FROM" }],
    rows.map((row, i) => [...row, shortened(printable(views[i]!.values[0].from), left)]),
  );
  return [
    paint("title", titles),
    ...lines.flatMap((line, i) => [line, ...troubles(views[i]!.values[0], width, paint)]),
  ];
}

function viewsOf(reports: readonly StatusReport[]): Agreed<ClusterStatus>[] {
  const said = reports.flatMap(({ replica, clusters }) => clusters.map((one): Said<ClusterStatus> => [replica, one]));
  return [...Map.groupBy(said, ([, { name }]) => name).values()].flatMap((all) => agreed(all, view));
}

/** Without ages and counts, which differ for a moment, and addresses, which may be other ones from another machine. */
function view(cluster: ClusterStatus): string {
  const kinds = troubledKinds(cluster).map(({ kind, state, fromCache, error }) => [kind, state, fromCache, error]);
  return JSON.stringify([cluster.state, cluster.drain, cluster.weight, cluster.problems, kinds]);
}

/** How long the kind that has been silent longest says nothing. A folder that does not change has nothing to say. */
function age(values: readonly ClusterStatus[]): string {
  if (values.every(({ from, state }) => from.startsWith("/") && state === "fresh")) return "-";
  const ages = values
    .flatMap(({ kinds }) => kinds)
    .flatMap(({ state, ageMs }) => (state === "absent" || ageMs === undefined ? [] : [ageMs]));
  return ages.length === 0 ? "never" : duration(Math.max(...ages));
}

function troubles(cluster: ClusterStatus, width: number, paint: Paint): string[] {
  const more = cluster.problems.length - SHOWN;
  return [
    ...alike(troubledKinds(cluster)).flatMap((kinds) => kindLines(kinds, width)),
    ...cluster.problems.slice(0, SHOWN).flatMap((sentence) => paragraph(sentence, width, "  ")),
    ...(more > 0 ? [`  and ${count(more)} more`] : []),
  ].map((line) => paint("warning", line));
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
  const why = error ?? (state === "unknown" && ages.length === 0 ? "no answer yet" : undefined);
  return paragraph(`${said}${why === undefined ? "" : ` (${why})`}`, width, "  ");
}
