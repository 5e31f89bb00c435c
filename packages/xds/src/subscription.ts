/**
 * Delta subscription of one type on one stream. Pure: time, order and the right to send enter as arguments.
 * What a slow client costs is a set of names: changes coalesce, nothing is queued.
 */
import { ABSENT, MAYBE } from "./belief.ts";
import type { Belief } from "./belief.ts";
import { Flights } from "./flights.ts";
import type { Flight, Overlap, Sent } from "./flights.ts";
import { Interest } from "./interest.ts";
import { LimitError } from "./message.ts";
import type { DeltaRequest, Limits, Rejection, Verdict } from "./message.ts";
import { blamed, shownMessage } from "./nack.ts";
import type { Resource, Source } from "./resource.ts";
import { WaitingNames } from "./waiting.ts";
import type { Waiting } from "./waiting.ts";

/** In place of a version: the client refused a removal. */
const REMOVAL = "(removal)";

interface Parked extends Rejection {
  readonly since: number;
  /** The client still holds an older version, with all that it names. */
  readonly older: boolean;
}

/** Says what may be sent now. */
export interface Gate {
  /** Content as of this epoch may be added or replaced. */
  add(epoch: number): boolean;
  /** The name, last changed at this epoch, may be removed. */
  remove(name: string, epoch: number): boolean;
}

export interface SubscriptionOptions {
  readonly source: Source;
  readonly limits: Limits;
  /** Not given: one response in flight. */
  readonly overlap?: Overlap;
  /** What stands for a missing resource when the client ignores removals. */
  readonly absent?: (name: string) => Resource;
  /** A version that the client holds is not replaced while this is true of its name. */
  readonly frozen?: (name: string) => boolean;
  /** Names that an earlier stream of this client may have left behind. */
  readonly leftovers?: Iterable<string>;
  /** See `Rules`; false only in tests. */
  readonly resendSiblings?: boolean;
}

export interface Batch {
  readonly nonce: string;
  readonly resources: Resource[];
  readonly removed: string[];
}

type Outcome = { kind: "none" | "wait" | "withhold" | "remove" } | { kind: "send"; resource: Resource };
const NONE: Outcome = { kind: "none" };
const WAIT: Outcome = { kind: "wait" };
const WITHHOLD: Outcome = { kind: "withhold" };

export class Subscription {
  readonly #options: SubscriptionOptions;
  readonly #source: Source;
  #opened = false;
  #owesFirst = false;
  #complete: boolean;
  readonly #interest: Interest;
  readonly #held = new Map<string, string | null>();
  /** Held since before this stream, in a version that the client reported. */
  readonly #reported = new Set<string>();
  readonly #dirty: WaitingNames;
  /** To be tried one per response after a refusal. */
  readonly #alone: WaitingNames;
  /** Neither sent nor removed until more is known. */
  readonly #withheld = new Set<string>();
  /** To be sent even if the version is held. */
  readonly #forced = new Set<string>();
  readonly #parked = new Map<string, Parked>();
  /** Responses that are not answered. */
  readonly flights: Flights;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.#source = options.source;
    this.#complete = options.source.complete();
    this.#interest = new Interest(options.limits);
    this.#dirty = new WaitingNames(options.source);
    this.#alone = new WaitingNames(options.source);
    this.flights = new Flights(options.overlap);
  }

  /** Takes a request of this type. Throws `LimitError`. */
  request(request: DeltaRequest, epoch: number): Verdict {
    const subscribe = request.subscribe ?? [];
    this.#interest.checkNames(subscribe);
    if (!this.#opened) this.#open(request, epoch);
    else for (const name of subscribe) this.#subscribe(name, epoch);
    for (const name of request.unsubscribe ?? []) this.#unsubscribe(name, epoch);
    // Delta: a stale nonce answers nothing, but never cancels a change of the subscription.
    const landed = request.nonce === undefined ? undefined : this.flights.land(request.nonce);
    return landed === undefined ? { kind: "none" } : this.#settle(landed.flight, landed.own, request.error, epoch);
  }

  /** The table changed: names whose resource was added, replaced, removed or became known. */
  changed(names: Iterable<string>, epoch: number): void {
    for (const name of names) {
      if (!this.wants(name)) continue;
      if (this.#matters(name)) this.#touch(name, epoch, false);
      else {
        this.#dirty.delete(name);
        this.#alone.delete(name);
      }
    }
    if (!this.#complete && this.#source.complete()) {
      this.#complete = true;
      this.reconsider(this.#withheld, epoch);
    }
  }

  /** Looks again at those of the names that are withheld. */
  reconsider(names: Iterable<string>, epoch: number): void {
    if (this.#withheld.size === 0) return;
    for (const name of names) if (this.#withheld.has(name)) this.#touch(name, epoch, false);
  }

  /** Sends the resource again, whatever the client holds: endpoints of a modified cluster. */
  resend(name: string, epoch: number): void {
    if (!this.wants(name)) return;
    this.#forced.add(name);
    this.#parked.delete(name);
    this.#touch(name, epoch, true);
  }

  /** The next response, if there is anything to say, the gate lets it pass and the client may be told now. */
  next(gate: Gate, epoch: number, now: number, nonce: () => string): Batch | undefined {
    if (!this.#opened || !this.flights.mayFollow(now, this.#alone.size > 0)) return undefined;
    const resources: Resource[] = [];
    const removed: string[] = [];
    const sent = new Map<string, Sent>();
    let waits = false;
    let bytes = 0;
    /** True when it became part of the response. */
    const consider = (from: WaitingNames, name: string, entry: Waiting): boolean => {
      const outcome = this.#decide(name, entry, gate, epoch);
      if (outcome.kind === "wait") {
        waits = true;
        return false;
      }
      from.delete(name);
      if (outcome.kind === "withhold") this.#withheld.add(name);
      else this.#withheld.delete(name);
      if (outcome.kind === "withhold" || outcome.kind === "none") return false;
      const resource = outcome.kind === "send" ? outcome.resource : undefined;
      const { since, required } = entry;
      sent.set(name, { version: resource?.version, since, required, before: this.#believed(name) });
      this.#forced.delete(name);
      if (resource === undefined) removed.push(name);
      else {
        resources.push(resource);
        bytes += resource.body.length + name.length;
        this.#keepNewer(name, entry, resource, epoch);
      }
      return true;
    };
    for (const [name, entry] of this.#alone) {
      if (consider(this.#alone, name, entry)) break;
    }
    if (sent.size === 0) {
      const before = this.#dirty.size;
      let seen = 0;
      for (const [name, entry] of this.#dirty) {
        // What is put back while iterating belongs to the next response.
        if (seen++ === before || bytes >= this.#options.limits.responseBytes) break;
        consider(this.#dirty, name, entry);
      }
    }
    // An empty first answer tells a wildcard client that there is nothing to wait for.
    if (sent.size === 0 && (waits || !this.#owesFirst)) return undefined;
    this.#owesFirst = false;
    const batch = { nonce: nonce(), resources, removed };
    this.flights.launch(batch.nonce, now, sent);
    return batch;
  }

  /** Takes back the names that a response added, to be tried one by one. Undefined when it added none. */
  takeBack(flight: Flight, epoch: number, now: number, nonce: () => string): Batch | undefined {
    flight.takenBack = true;
    const sent = new Map<string, Sent>();
    for (const [name, { version, since, required, before }] of flight.names) {
      if (version === undefined || typeof before === "string") continue;
      if (this.flights.word(name)?.nonce !== flight.nonce) continue;
      sent.set(name, { version: undefined, since, required, before: MAYBE });
      this.#dirty.delete(name);
      this.#alone.put(name, since, epoch, required);
    }
    if (sent.size === 0) return undefined;
    const batch = { nonce: nonce(), resources: [], removed: [...sent.keys()] };
    this.flights.launch(batch.nonce, now, sent);
    return batch;
  }

  /** Names that still have to be looked at. */
  get pendingCount(): number {
    return this.#dirty.size + this.#alone.size;
  }

  /** Whether a wildcard client waits for a first answer, even an empty one. */
  get owesFirst(): boolean {
    return this.#owesFirst;
  }

  get withheldCount(): number {
    return this.#withheld.size;
  }

  get withheld(): Iterable<string> {
    return this.#withheld;
  }

  /** Names of which the client is believed to hold a version. */
  heldCount(): number {
    let count = 0;
    for (const version of this.#held.values()) if (version !== ABSENT) count++;
    return count;
  }

  rejections(): Rejection[] {
    return [...this.#parked.values()].map(({ name, version, message }) => ({ name, version, message }));
  }

  wants(name: string): boolean {
    return this.#interest.wants(name);
  }

  /** Whether the client has not been told, or has not answered yet. */
  open(name: string): boolean {
    return this.#dirty.has(name) || this.#alone.has(name) || this.flights.word(name) !== undefined;
  }

  /** Whether nothing would be said about the name, because too little is known. */
  silent(name: string): boolean {
    const resource = this.#source.get(name);
    if (resource === undefined) return !this.#source.complete();
    return resource.partial === true && this.#reported.has(name);
  }

  /** The first change among additions that the client has not taken; unanswered ones count if sent after `sentAfter`. */
  oldestAdd(sentAfter: number, requiredOnly: boolean): number {
    return Math.min(
      this.#dirty.oldest(true, requiredOnly),
      this.#alone.oldest(true, requiredOnly),
      this.flights.oldestAdd(sentAfter, requiredOnly),
    );
  }

  /** The first change that the client has not taken, removals and, if asked, refused replacements included. */
  oldestOpen(withParked: boolean): number {
    let oldest = Math.min(
      this.#dirty.oldest(false, false),
      this.#alone.oldest(false, false),
      this.flights.oldestOpen(),
    );
    if (withParked) {
      for (const parked of this.#parked.values()) if (parked.older) oldest = Math.min(oldest, parked.since);
    }
    return oldest;
  }

  /** When another response may follow although the last is not answered. Undefined when there is none to send. */
  followDeadline(): number | undefined {
    return this.pendingCount === 0 ? undefined : this.flights.followDeadline(this.#alone.size > 0);
  }

  /** Names that the client may hold without being able to report them. */
  uncertain(): string[] {
    const names = new Set(this.flights.names());
    for (const [name, version] of this.#held) if (version === MAYBE) names.add(name);
    return [...names];
  }

  #open(request: DeltaRequest, epoch: number): void {
    const initial = Object.entries(request.initialVersions ?? {});
    const { names } = this.#options.limits;
    if (initial.length > names) throw new LimitError(`${initial.length} initial versions; at most ${names} are taken`);
    this.#opened = true;
    const subscribe = request.subscribe ?? [];
    // A first request without names is a wildcard (the legacy form); Envoy's way for listeners and clusters.
    if (subscribe.length === 0 && (request.unsubscribe ?? []).length === 0) this.#interest.wildcard = true;
    for (const name of subscribe) {
      if (name === "*") this.#interest.wildcard = true;
      else this.#interest.add(name);
    }
    for (const name of this.#options.leftovers ?? []) if (this.wants(name)) this.#held.set(name, MAYBE);
    this.#interest.checkNames(initial.map(([name]) => name));
    for (const [name, version] of initial) {
      if (!this.wants(name)) continue;
      this.#held.set(name, version);
      this.#reported.add(name);
    }
    this.#owesFirst = this.#interest.wildcard && initial.length === 0;
    for (const name of this.#held.keys()) this.#touch(name, epoch, false);
    for (const name of this.#interest.names()) this.#touch(name, epoch, true);
    if (this.#interest.wildcard) for (const name of this.#source.names()) this.#touch(name, epoch, false);
  }

  #subscribe(name: string, epoch: number): void {
    if (name === "*") {
      this.#interest.wildcard = true;
      for (const each of this.#source.names()) this.#touch(each, epoch, false);
      return;
    }
    this.#interest.add(name);
    // Whoever asks again may have forgotten it: answer even if nothing changed.
    this.#held.delete(name);
    this.#reported.delete(name);
    this.#parked.delete(name);
    this.#forced.add(name);
    this.#touch(name, epoch, true);
  }

  #unsubscribe(name: string, epoch: number): void {
    if (name === "*") {
      this.#interest.wildcard = false;
      for (const known of this.#tables()) {
        for (const key of [...known.keys()]) if (!this.#interest.isNamed(key)) known.delete(key);
      }
      return;
    }
    const was = this.#interest.delete(name);
    if (!this.#interest.wildcard) {
      for (const known of this.#tables()) known.delete(name);
    } else if (was) {
      // Still wanted by the wildcard, but the client may have dropped it: say what it is now.
      this.#held.set(name, MAYBE);
      this.#touch(name, epoch, false);
    }
  }

  #decide(name: string, entry: Waiting, gate: Gate, epoch: number): Outcome {
    if (!this.wants(name)) return NONE;
    const have: Belief = this.#forced.has(name) ? undefined : this.#believed(name);
    const resource = this.#source.get(name);
    if (resource === undefined) return this.#decideMissing(name, entry, have, gate);
    if (resource.partial === true && this.#reported.has(name)) return WITHHOLD;
    const parked = this.#parked.get(name)?.version;
    if (have === resource.version || parked === resource.version) return NONE;
    if (typeof have === "string" && this.#options.frozen?.(name) === true) return WITHHOLD;
    if (gate.add(epoch)) return { kind: "send", resource };
    const old = entry.resource;
    if (old === undefined || !gate.add(entry.captured)) return WAIT;
    if (old.version === have || old.version === parked) return WAIT;
    return old.partial === true && this.#reported.has(name) ? WAIT : { kind: "send", resource: old };
  }

  #decideMissing(name: string, entry: Waiting, have: Belief, gate: Gate): Outcome {
    if (!this.#source.complete()) return typeof have === "string" || this.#interest.isNamed(name) ? WITHHOLD : NONE;
    const absent = this.#interest.isNamed(name) ? this.#options.absent?.(name) : undefined;
    const parked = this.#parked.get(name)?.version;
    if (parked !== undefined && parked === (absent?.version ?? REMOVAL)) return NONE;
    this.#parked.delete(name);
    if (absent === undefined) {
      if (have === ABSENT || (have === undefined && !this.#interest.isNamed(name))) return NONE;
    } else if (have === absent.version) return NONE;
    // A client that holds nothing waits for the answer; only what it holds may still be in use.
    if (typeof have === "string" && !gate.remove(name, entry.last)) return WAIT;
    return absent === undefined ? { kind: "remove" } : { kind: "send", resource: absent };
  }

  #settle(flight: Flight, own: ReadonlySet<string>, error: string | undefined, epoch: number): Verdict {
    const { nonce } = flight;
    if (error === undefined) {
      for (const [name, sent] of flight.names) {
        if (own.has(name)) this.#accept(name, sent);
        // It was only slow: what was taken back can return in one response.
        else if (flight.takenBack && this.#alone.delete(name)) this.#touch(name, epoch, sent.required);
      }
      return { kind: "ack", nonce, names: flight.names.size };
    }
    const message = shownMessage(error);
    if (flight.names.size === 1) {
      for (const [name, sent] of flight.names) if (own.has(name)) this.#park(name, sent, message);
    } else this.#isolate(flight, own, error, epoch);
    return { kind: "nack", nonce, names: [...flight.names.keys()], message };
  }

  #accept(name: string, sent: Sent): void {
    if (!this.wants(name)) return;
    this.#reported.delete(name);
    this.#parked.delete(name);
    if (sent.version !== undefined) this.#held.set(name, sent.version);
    else if (this.#interest.isNamed(name)) this.#held.set(name, ABSENT);
    else this.#held.delete(name);
  }

  #park(name: string, sent: Sent, message: string): void {
    if (!this.wants(name)) return;
    const version = sent.version ?? REMOVAL;
    this.#held.set(name, MAYBE);
    this.#parked.set(name, { name, version, message, since: sent.since, older: typeof sent.before === "string" });
  }

  /** Nothing of a refused response is assumed held: the blamed travel alone, the others again in a clean response. */
  #isolate(flight: Flight, own: ReadonlySet<string>, error: string, epoch: number): void {
    const suspects = blamed(error, flight.names.keys());
    const all = suspects.size === 0 || suspects.size === flight.names.size;
    for (const [name, sent] of flight.names) {
      const again = own.has(name) || (flight.takenBack && this.#alone.has(name));
      if (!again || !this.wants(name)) continue;
      const suspect = all || suspects.has(name);
      if (!suspect && this.#options.resendSiblings === false) {
        this.#accept(name, sent);
        continue;
      }
      if (own.has(name)) this.#held.set(name, MAYBE);
      this.#alone.delete(name);
      this.#dirty.delete(name);
      (suspect ? this.#alone : this.#dirty).put(name, sent.since, epoch, sent.required);
    }
  }

  /** Older content was sent: the newer waits on, with all that it depends on by now. */
  #keepNewer(name: string, entry: Waiting, resource: Resource, epoch: number): void {
    const fresh = this.#source.get(name);
    if (fresh === undefined || fresh.version === resource.version) return;
    this.#dirty.put(name, entry.later ?? epoch, epoch, entry.required);
  }

  #believed(name: string): Belief {
    const word = this.flights.word(name);
    return word === undefined ? this.#held.get(name) : (word.version ?? ABSENT);
  }

  /** Keeps the set of names bounded by what exists, what is asked for and what may be held. */
  #matters(name: string): boolean {
    if (this.#interest.isNamed(name) || this.#held.has(name) || this.flights.word(name) !== undefined) return true;
    return this.#source.get(name) !== undefined;
  }

  #tables(): { keys(): Iterable<string>; delete(name: string): boolean }[] {
    return [this.#held, this.#dirty, this.#alone, this.#parked, this.#withheld, this.#forced, this.#reported];
  }

  #touch(name: string, epoch: number, required: boolean): void {
    (this.#alone.has(name) ? this.#alone : this.#dirty).touch(name, epoch, required);
  }
}
