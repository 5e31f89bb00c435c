import { SHORT_NAMES } from "@carrick/core/translate";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Source, SourceCounts } from "../sources/source.ts";
import type { ObjectProblems } from "../world/object-problems.ts";
import type { World } from "../world/world.ts";

/** Seconds; from a commit of two rows to the initial list of a large cluster. */
const COMMIT_BUCKETS = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];
/** Seconds; from an Envoy that takes an endpoint to one that warms a new cluster. */
const ACK_BUCKETS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];

export interface MetricsInputs {
  readonly version: string;
  readonly world: World;
  readonly sources: readonly Source[];
  readonly problems: ObjectProblems;
}

/** What happens on the xDS streams, counted. */
export interface XdsMetrics {
  opened(fleet: string): void;
  closed(fleet: string, reason: string): void;
  sent(fleet: string, type: string, resources: number, removed: number, bytes: number): void;
  acked(fleet: string, type: string, ms: number): void;
  nacked(fleet: string, type: string): void;
  /** `handshake`: no certificate that is trusted; `refused`: one whose name may not be served. */
  turnedAway(why: "handshake" | "refused"): void;
}

/** `carrick_…` and the process' own figures, for `/metrics`. */
export function createMetrics({ version, world, sources, problems }: MetricsInputs): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, labelNames: readonly string[], collect: (gauge: Gauge) => void) => {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames,
        registers: [],
        collect() {
          this.reset();
          collect(this);
        },
      }),
    );
  };
  gauge("carrick_build_info", "1, with the version as a label.", ["version"], (build) => build.set({ version }, 1));
  gauge("carrick_table_rows", "Rows of the tables that objects are read into.", ["table"], (rows) => {
    for (const table of Object.values(world.tables)) rows.set({ table: table.name }, table.size);
  });
  gauge("carrick_object_problems", "Problems of objects by code: see `carrick status`.", ["code"], (count) => {
    for (const { problem } of problems.list()) count.inc({ code: problem.code });
  });
  gauge(
    "carrick_failed_rows",
    "Rows that could not be derived because of a defect of Carrick; their last output stays in force.",
    [],
    (failed) => failed.set(world.store.failures().length),
  );
  const ofKind = ["cluster", "kind"];
  const states = () =>
    sources.flatMap((source) =>
      source.kinds().map((state) => ({ labels: { cluster: source.cluster, kind: state.kind }, state })),
    );
  gauge(
    "carrick_source_known",
    "1 if all objects of a kind have been told, now or from the copy on disk.",
    ofKind,
    (known) => {
      for (const { labels, state } of states()) known.set(labels, state.known ? 1 : 0);
    },
  );
  gauge("carrick_source_watching", "1 while changes of a kind are being told.", ofKind, (watching) => {
    for (const { labels, state } of states()) watching.set(labels, state.watching ? 1 : 0);
  });
  gauge("carrick_source_silent_seconds", "Seconds since the source of a kind last said anything.", ofKind, (silent) => {
    const now = Date.now();
    for (const { labels, state } of states()) {
      if (state.heardAt !== undefined) silent.set(labels, Math.max(0, now - state.heardAt) / 1000);
    }
  });
  const counter = (name: string, help: string, labelNames: readonly string[], collect: (counter: Counter) => void) => {
    registry.registerMetric(
      new Counter({
        name,
        help,
        labelNames,
        registers: [],
        collect() {
          this.reset();
          collect(this);
        },
      }),
    );
  };
  counter("carrick_rows_recomputed_total", "Rows of views computed since the start.", [], (rows) =>
    rows.inc(world.store.recomputed),
  );
  const perSource = (name: string, help: string, of: (counts: SourceCounts) => number) =>
    counter(name, help, ofKind, (count) => {
      for (const { labels, state } of states()) if (state.counts !== undefined) count.inc(labels, of(state.counts));
    });
  perSource("carrick_source_lists_total", "Complete lists: more than one is a watch that was lost.", (of) => of.lists);
  perSource("carrick_source_failures_total", "Requests to the API server that failed.", (of) => of.failures);
  perSource("carrick_source_malformed_total", "Objects and lines that could not be read.", (of) => of.malformed);
  return registry;
}

/** Observes the time of each commit, in seconds. */
export function commitTimer(registry: Registry): (seconds: number) => void {
  const histogram = new Histogram({
    name: "carrick_commit_duration_seconds",
    help: "Time from the first write of a commit until every view and every stream was told.",
    buckets: COMMIT_BUCKETS,
    registers: [registry],
  });
  return (seconds) => histogram.observe(seconds);
}

export function xdsMetrics(registry: Registry): XdsMetrics {
  const registers = [registry];
  const labelNames = ["fleet", "type"];
  const counter = (name: string, help: string, labels = labelNames) =>
    new Counter({ name, help, labelNames: labels, registers });
  const streams = new Gauge({
    name: "carrick_xds_streams",
    help: "Envoys that are connected.",
    labelNames: ["fleet"],
    registers,
  });
  const closed = counter("carrick_xds_streams_closed_total", "Streams that ended, by reason.", ["fleet", "reason"]);
  const resources = counter("carrick_xds_resources_sent_total", "Resources sent to Envoys.");
  const removals = counter("carrick_xds_removals_sent_total", "Names of removed resources sent to Envoys.");
  const bytes = counter("carrick_xds_bytes_sent_total", "Bytes of xDS responses.");
  const refused = counter("carrick_xds_nacks_total", "Responses that an Envoy refused.");
  const away = counter("carrick_xds_clients_turned_away_total", "Clients that were not served.", ["why"]);
  const acks = new Histogram({
    name: "carrick_xds_ack_seconds",
    help: "Time from a response to its acknowledgement.",
    buckets: ACK_BUCKETS,
    labelNames,
    registers,
  });
  const short = (type: string) => SHORT_NAMES.get(type) ?? "other";
  return {
    opened: (fleet) => streams.inc({ fleet }),
    closed: (fleet, reason) => {
      streams.dec({ fleet });
      closed.inc({ fleet, reason });
    },
    sent: (fleet, type, count, removed, size) => {
      const labels = { fleet, type: short(type) };
      resources.inc(labels, count);
      removals.inc(labels, removed);
      bytes.inc(labels, size);
    },
    acked: (fleet, type, ms) => acks.observe({ fleet, type: short(type) }, ms / 1000),
    nacked: (fleet, type) => refused.inc({ fleet, type: short(type) }),
    turnedAway: (why) => away.inc({ why }),
  };
}
