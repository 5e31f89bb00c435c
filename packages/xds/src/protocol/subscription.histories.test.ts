import assert from "node:assert/strict";
import { test } from "node:test";
import { pick, type Random, randomOf } from "@carrick/testing";
import type { Batch } from "./draft.ts";
import { DEFAULT_LIMITS } from "./message.ts";
import type { DeltaRequest } from "./message.ts";
import type { Resource, Source } from "./resource.ts";
import { Subscription } from "./subscription.ts";

// Random histories of one type alone, with a client that owes the protocol and nothing else. `SEED=<n>` runs one alone.
const HISTORIES = 20_000;
const EVENTS = 50;
const NAMES = ["a", "b", "c", "d", "e", "f"];
const FREE = { adds: Infinity, replacements: Infinity, removals: Infinity, stale: -Infinity };
const BODY = new Uint8Array(10);

class Rows implements Source {
  readonly rows = new Map<string, Resource>();
  known = true;
  get(name: string): Resource | undefined {
    return this.rows.get(name);
  }
  names(): Iterable<string> {
    return this.rows.keys();
  }
  complete(): boolean {
    return this.known;
  }
}

/** Takes a response whole or, if something in it is bad, some of it, and then it does not report what it took. */
class Client {
  readonly live = new Map<string, string>();
  readonly reported = new Map<string, string>();
  readonly names = new Set<string>();
  readonly #random: Random;
  readonly wildcard: boolean;

  constructor(random: Random, wildcard: boolean) {
    this.#random = random;
    this.wildcard = wildcard;
  }

  open(): DeltaRequest {
    const initialVersions = Object.fromEntries(this.reported);
    return this.wildcard ? { initialVersions } : { subscribe: [...this.names], initialVersions };
  }

  take({ nonce, resources, removed }: Batch): DeltaRequest {
    const bad = resources.filter(({ version }) => version.startsWith("bad")).map(({ name }) => name);
    for (const { name, version } of resources) {
      if (!this.wildcard && !this.names.has(name)) continue;
      if (bad.length > 0 && (version.startsWith("bad") || this.#random(2) === 0)) continue;
      this.live.set(name, version);
      if (bad.length === 0) this.reported.set(name, version);
    }
    for (const name of removed) {
      this.live.delete(name);
      this.reported.delete(name);
    }
    if (bad.length === 0) return { nonce };
    return { nonce, error: this.#random(2) === 0 ? `refused: ${bad.join()}` : "something is wrong" };
  }
}

class History {
  readonly #random: Random;
  readonly #source = new Rows();
  readonly #client: Client;
  readonly #down: Batch[] = [];
  readonly #up: DeltaRequest[] = [];
  #subscription: Subscription;
  #opened = false;
  /** What an earlier stream left behind, until the client has told what it holds. */
  #left: readonly string[] | undefined;
  /** Names of which the client holds a newer version than the one it reports: it took it from what it refused. */
  readonly #blurred = new Set<string>();
  #epoch = 0;
  #nonce = 0;
  #resumedSent = 0;

  constructor(seed: number) {
    this.#random = randomOf(seed);
    this.#client = new Client(this.#random, this.#random(2) === 0);
    this.#subscription = this.#connect([]);
  }

  run(): void {
    for (let event = 0; event < EVENTS; event++) this.#event();
    if (!this.#source.known) this.#know();
    this.#settle();
    this.#check();
    for (const [name, { version }] of this.#source.rows) if (version.startsWith("bad")) this.#set(name, "good");
    this.#settle();
    this.#check();
    assert.deepEqual(this.#subscription.rejections(), []);
    const wanted = this.#client.wildcard ? this.#source.rows.size : this.#client.names.size;
    assert.ok(this.#subscription.entries <= 3 * wanted, `${this.#subscription.entries} entries for ${wanted} names`);

    this.#subscription = this.#connect([]);
    this.#settle();
    assert.equal(this.#resumedSent, 0, "resources sent to a client that has them");

    for (const name of this.#source.rows.keys()) this.#set(name, undefined);
    this.#settle();
    assert.equal(this.#client.live.size, 0);
    assert.equal(this.#subscription.entries, 2 * this.#client.names.size, "remembered of what has gone");
  }

  #event(): void {
    const random = this.#random;
    switch (random(12)) {
      case 0:
      case 1:
      case 2:
        return this.#set(pick(random, NAMES), pick(random, ["v1", "v2", "v3", "bad1", "bad2", undefined]));
      case 3:
      case 4:
        return void this.#write();
      case 5:
      case 6:
        return void this.#read();
      case 7:
      case 8:
        return void this.#hear();
      case 9:
        return this.#interest(pick(random, NAMES));
      case 10:
        return random(4) === 0 ? void (this.#subscription = this.#connect(this.#leftovers())) : undefined;
      default:
        return this.#source.known ? this.#restart() : this.#know();
    }
  }

  #connect(leftovers: readonly string[]): Subscription {
    this.#down.length = 0;
    this.#up.length = 0;
    this.#resumedSent = 0;
    this.#left = leftovers;
    for (const [name, version] of this.#client.reported) {
      if (this.#client.live.get(name) !== version) this.#blurred.add(name);
    }
    // Without names a first request would ask for all.
    this.#opened = this.#client.wildcard || this.#client.names.size > 0;
    if (this.#opened) this.#up.push(this.#client.open());
    return new Subscription({ source: this.#source, limits: DEFAULT_LIMITS, leftovers });
  }

  #leftovers(): readonly string[] {
    return this.#left ?? this.#subscription.uncertain();
  }

  /** A new process that does not know all; what it knows of one name is a part. */
  #restart(): void {
    if (this.#random(3) > 0) return;
    const left = this.#leftovers();
    const name = pick(this.#random, NAMES);
    const row = this.#source.rows.get(name);
    this.#source.known = false;
    if (this.#random(2) === 0) this.#source.rows.delete(name);
    else if (row !== undefined) this.#source.rows.set(name, { ...row, version: "part", partial: true });
    this.#subscription = this.#connect(left);
    const held = new Map(this.#client.reported);
    this.#settle();
    for (const [each, version] of held) {
      const now = this.#source.rows.get(each);
      if (now === undefined || now.partial === true) assert.equal(this.#client.reported.get(each), version, "kept");
    }
  }

  #know(): void {
    this.#source.known = true;
    const partial = [...this.#source.rows.values()].filter((row) => row.partial === true);
    for (const { name } of partial) this.#source.rows.set(name, { name, version: "whole", body: BODY });
    this.#subscription.changed(
      partial.map(({ name }) => name),
      ++this.#epoch,
      true,
    );
  }

  #set(name: string, version: string | undefined): void {
    if (!this.#source.known && version === undefined) return;
    if (version === undefined) this.#source.rows.delete(name);
    else this.#source.rows.set(name, { name, version, body: BODY });
    this.#subscription.changed([name], ++this.#epoch);
  }

  #interest(name: string): void {
    const { names, wildcard, live, reported } = this.#client;
    if (wildcard) return;
    if (names.delete(name)) {
      live.delete(name);
      reported.delete(name);
      this.#up.push({ unsubscribe: [name] });
    } else {
      names.add(name);
      this.#up.push(this.#opened ? { subscribe: [name] } : this.#client.open());
      this.#opened = true;
    }
  }

  #write(): boolean {
    const batch = this.#subscription.next(FREE, this.#epoch, 0, () => String(++this.#nonce));
    if (batch === undefined) return false;
    this.#resumedSent += batch.resources.length;
    this.#down.push(batch);
    assert.equal(this.#subscription.flights.size, 1, "one response in flight");
    return true;
  }

  #read(): boolean {
    const batch = this.#down.shift();
    if (batch !== undefined) this.#up.push(this.#client.take(batch));
    return batch !== undefined;
  }

  #hear(): boolean {
    const request = this.#up.shift();
    if (request === undefined) return false;
    this.#subscription.request(request, ++this.#epoch);
    this.#left = undefined;
    return true;
  }

  #settle(): void {
    while ([this.#write(), this.#read(), this.#hear()].includes(true));
  }

  /** The client holds what there is, but for what it refused. */
  #check(): void {
    const { live, names, wildcard } = this.#client;
    for (const name of NAMES) {
      const row = wildcard || names.has(name) ? this.#source.rows.get(name) : undefined;
      // Back to just that version, and no server can know.
      if (this.#blurred.has(name) && row?.version === this.#client.reported.get(name)) continue;
      const parked = this.#subscription.rejections().find((one) => one.name === name)?.version;
      if (row?.version.startsWith("bad") === true) assert.equal(parked, row.version, `${name} is parked`);
      else assert.deepEqual([live.get(name), parked], [row?.version, undefined], name);
    }
  }
}

test(`${HISTORIES} random histories of one type end with the client holding what there is`, () => {
  const only = process.env["SEED"];
  const seeds = only === undefined ? Array.from({ length: HISTORIES }, (_, i) => i + 1) : [Number(only)];
  for (const seed of seeds) {
    try {
      new History(seed).run();
    } catch (error) {
      throw new Error(`history ${seed} (run it alone with SEED=${seed}): ${String(error)}`, { cause: error });
    }
  }
});
