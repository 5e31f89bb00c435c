import { Postings, type Term } from "./postings.ts";
import { type Read, type Reader, Reads } from "./reads.ts";
import { type Change, type Commit, type Dependent, type Index, type Origin, Stored } from "./table.ts";

export type RowsFunction<I, O> = (row: I, key: string, read: Reader) => Iterable<readonly [key: string, row: O]>;

/**
 * A table computed from others: recomputes only the driver rows whose recorded reads changed.
 *
 * An output key belongs to one driver row. Where several make the same, the one with the least key has it, whatever
 * came first, so that all replicas agree; the others are failures, and wait for it.
 */
export class View<I, O> extends Stored<O> implements Dependent {
  readonly #driver: Stored<I>;
  readonly #rows: RowsFunction<I, O>;
  readonly #equal: (a: O, b: O) => boolean;
  readonly #dirty = new Set<string>();
  readonly #reads: Reads = new Reads(this);
  /** Driver key → the output keys that it makes, or waits for. */
  readonly #outputs = new Map<string, string | readonly string[]>();
  /** Output key → the driver row that has it, where the two keys differ. */
  readonly #owner = new Map<string, string>();
  /** Output key → the driver rows that make it too, but do not have it. */
  readonly #waiting = new Postings();
  readonly #failures = new Map<string, unknown>();
  readonly #recomputed: () => void;

  constructor(
    commit: Commit,
    name: string,
    order: number,
    driver: Stored<I>,
    rows: RowsFunction<I, O>,
    equal: (a: O, b: O) => boolean,
    indexes: readonly Index<O, Term>[],
    recomputed: () => void,
  ) {
    super(commit, name, order, indexes);
    this.#driver = driver;
    this.#rows = rows;
    this.#equal = equal;
    this.#recomputed = recomputed;
    driver.dependents.add(this);
  }

  /**
   * Driver rows whose last computation threw: their last good output is still in the table. And those that make an
   * output of another driver row: their other outputs are in the table.
   */
  get failures(): ReadonlyMap<string, unknown> {
    return this.#failures;
  }

  /** The reads that the driver row `key` was last computed from. */
  reads(key: string): Read[] {
    return this.#reads.list(key);
  }

  invalidate(table: Origin, changes: readonly Change<unknown>[]): void {
    if (table === this.#driver) for (const change of changes) this.#dirty.add(change.key);
    this.#reads.hit(table, changes, this.#dirty);
  }

  override flush(): void {
    if (this.#dirty.size > 0) {
      const released = new Set<string>();
      const healed = this.#update(this.#dirty, released);
      // They make what they made before, and now get it: that releases nothing that others wait for.
      if (healed.size > 0) this.#update(healed, released);
      for (const key of released) this.write(key, undefined);
      this.#dirty.clear();
    }
    this.publish();
  }

  /** Computes the driver rows `keys`. Returns those that waited for an output and may now have it. */
  #update(keys: ReadonlySet<string>, released: Set<string>): Set<string> {
    // All rows are computed before one is written: an output key may then move from one driver row to another.
    const computed = new Map<string, ReadonlyMap<string, O>>();
    for (const key of keys) {
      const outputs = this.#compute(key);
      if (outputs !== undefined) computed.set(key, outputs);
    }
    for (const key of computed.keys()) this.#release(key, released);
    const contested = [...released].filter((key) => this.#waiting.has(key));
    for (const [key, outputs] of computed) this.#claim(key, outputs, released);

    const healed = new Set<string>();
    for (const key of contested) {
      for (const waiting of this.#waiting.keys(key)) {
        if (!keys.has(waiting) && (released.has(key) || waiting < this.#ownerOf(key))) healed.add(waiting);
      }
    }
    return healed;
  }

  /** The outputs of a driver row, none if it is gone; `undefined` if its function threw, so that the last ones stay. */
  #compute(key: string): ReadonlyMap<string, O> | undefined {
    const row = this.#driver.get(key);
    const outputs = new Map<string, O>();
    if (row === undefined) {
      this.#reads.forget(key);
      this.#failures.delete(key);
      return outputs;
    }
    this.#recomputed();
    this.#reads.begin(key);
    try {
      for (const [outputKey, output] of this.#rows(row, key, this.#reads)) {
        if (outputs.has(outputKey)) throw new Error(`view ${this.name}: ${key} makes ${outputKey} twice`);
        outputs.set(outputKey, this.#settled(outputKey, output));
      }
      this.#failures.delete(key);
      return outputs;
    } catch (error) {
      this.#failures.set(key, error);
      return undefined;
    } finally {
      this.#reads.end();
    }
  }

  /** An output that is equal to the one before the commit is that one. All that may throw is called here, not later. */
  #settled(key: string, output: O): O {
    const before = this.before(key);
    if (before !== undefined && this.#equal(before, output)) return before;
    this.terms(output);
    return output;
  }

  #release(driverKey: string, released: Set<string>): void {
    const outputs = this.#outputs.get(driverKey);
    if (outputs === undefined) return;
    for (const key of typeof outputs === "string" ? [outputs] : outputs) {
      this.#waiting.delete(key, driverKey);
      if (this.#ownerOf(key) !== driverKey) continue;
      released.add(key);
      this.#owner.delete(key);
    }
    this.#outputs.delete(driverKey);
  }

  #claim(driverKey: string, outputs: ReadonlyMap<string, O>, released: Set<string>): void {
    for (const [key, row] of outputs) {
      if (this.rows.has(key) && !released.has(key)) {
        const owner = this.#ownerOf(key);
        this.#wait(key, owner < driverKey ? owner : driverKey, owner < driverKey ? driverKey : owner);
        if (owner < driverKey) continue;
      }
      released.delete(key);
      if (key === driverKey) this.#owner.delete(key);
      else this.#owner.set(key, driverKey);
      this.write(key, row);
    }
    if (outputs.size > 0) this.#outputs.set(driverKey, outputs.size === 1 ? firstOf(outputs) : [...outputs.keys()]);
  }

  #wait(key: string, owner: string, loser: string): void {
    this.#waiting.add(key, loser);
    if (this.#failures.has(loser)) return;
    this.#failures.set(loser, new Error(`view ${this.name}: ${key} is made by ${owner} and by ${loser}`));
  }

  /** Of an output that is in the table. */
  #ownerOf(key: string): string {
    return this.#owner.get(key) ?? key;
  }
}

function firstOf(outputs: ReadonlyMap<string, unknown>): string {
  for (const key of outputs.keys()) return key;
  throw new Error("no outputs");
}
