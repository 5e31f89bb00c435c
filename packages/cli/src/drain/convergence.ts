import type { StatusReport } from "@carrick/core/report";

/** How far the replicas and their Envoys are with a drain or its end. */
export interface Progress {
  /** Replicas that do not show it yet. */
  readonly waiting: readonly string[];
  /** Envoys, as `<fleet>/<name>`, that have everything since their replica showed it. */
  readonly taken: readonly string[];
  readonly pending: readonly string[];
  readonly done: boolean;
}

/**
 * Follows reports of replicas until each shows the drain and each connected Envoy has had nothing pending at some moment
 * since: in a busy network one that is always a little behind on newer changes has taken this one all the same.
 */
export class Convergence {
  readonly #cluster: string;
  readonly #drain: boolean;
  readonly #taken = new Set<string>();

  constructor(cluster: string, drain: boolean) {
    this.#cluster = cluster;
    this.#drain = drain;
  }

  /** One round of reports, one of each replica. */
  next(reports: readonly StatusReport[]): Progress {
    const waiting: string[] = [];
    const connected = new Map<string, string>();
    for (const report of reports) {
      const own = report.clusters.find(({ name }) => name === this.#cluster);
      const shows = own?.drain === this.#drain;
      if (!shows) waiting.push(report.replica);
      for (const fleet of report.fleets) {
        for (const envoy of fleet.envoys) {
          // A new stream may be one to another replica, which has not said it to this Envoy.
          const stream = `${report.replica} ${fleet.name}/${envoy.name} ${envoy.connectedSince}`;
          connected.set(stream, `${fleet.name}/${envoy.name}`);
          if (shows && envoy.pending === 0) this.#taken.add(stream);
        }
      }
    }
    const pending = [...connected].filter(([stream]) => !this.#taken.has(stream)).map(([, name]) => name);
    const taken = [...connected].filter(([stream]) => this.#taken.has(stream)).map(([, name]) => name);
    return { waiting, taken, pending, done: reports.length > 0 && waiting.length === 0 && pending.length === 0 };
  }
}
