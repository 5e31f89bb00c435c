import type { Logger } from "../log.ts";
import { type Source, type SourceState, stateOfSource } from "./source.ts";

interface Said {
  readonly state: SourceState;
  readonly failing: boolean;
}

/** Says in the log when a cluster is heard, lost, and heard again: once for each change, however many kinds it has. */
export class StateLog {
  readonly #log: Logger;
  readonly #said = new Map<Source, Said>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** To be called when something about a source may have changed. */
  look(source: Source): void {
    const kinds = source.kinds();
    const state = stateOfSource(kinds);
    const failing = kinds.find(({ error }) => error !== undefined);
    const error = failing === undefined ? source.problems()[0] : `${failing.kind}: ${failing.error}`;
    const said = this.#said.get(source);
    if (said?.state === state && (state === "fresh" || said.failing || error === undefined)) return;
    this.#said.set(source, { state, failing: error !== undefined });
    const { cluster, from } = source;
    if (state === "fresh")
      this.#log.info({ cluster, from }, said === undefined ? "cluster is read" : "cluster is heard");
    else if (error !== undefined) {
      const meanwhile = state === "stale" ? "what it said last stays in force" : "nothing of it is removed";
      this.#log.warn({ cluster, from, error }, `cluster is not heard; ${meanwhile}`);
    } else if (said?.state === "fresh")
      this.#log.warn({ cluster, from }, "cluster is not heard; what it said last stays in force");
  }
}
