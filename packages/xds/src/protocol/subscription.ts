/**
 * Delta subscription of one type on one stream. Pure: time, order and the right to send enter as arguments.
 * What a slow client costs is a set of names: changes coalesce, nothing is queued.
 */
import { Agenda } from "./agenda.ts";
import { Answers } from "./answers.ts";
import type { AnswersOptions } from "./answers.ts";
import { ABSENT, isHeld, MAYBE, mayBeHeld, SOME } from "./belief.ts";
import { Composer } from "./composer.ts";
import type { ComposerOptions } from "./composer.ts";
import { Draft } from "./draft.ts";
import type { Batch } from "./draft.ts";
import type { Flight, Flights } from "./flights.ts";
import { Ledger } from "./ledger.ts";
import type { LedgerOptions } from "./ledger.ts";
import { LimitError } from "./message.ts";
import type { DeltaRequest, Rejection, Verdict } from "./message.ts";
import { Remedies } from "./remedies.ts";
import type { Source } from "./resource.ts";
import type { Bounds } from "./waiting.ts";
import type { Withheld } from "./withheld.ts";

export interface SubscriptionOptions extends ComposerOptions, LedgerOptions, AnswersOptions {
  /** Names that an earlier stream of this client may have left behind. */
  readonly leftovers?: Iterable<string>;
  /** Called with each name that the client asks for. Gives the change that made it ask, if there was one. */
  readonly asked?: (name: string) => number | undefined;
  /** Called with each name that the client does not ask for any more. */
  readonly dropped?: (name: string) => void;
}

export class Subscription {
  readonly #options: SubscriptionOptions;
  readonly #source: Source;
  readonly #ledger: Ledger;
  /** What there is still to say. */
  readonly agenda: Agenda;
  readonly #composer: Composer;
  readonly #remedies: Remedies;
  readonly #answers: Answers;
  #opened = false;
  #owesFirst = false;
  #answered = false;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.#source = options.source;
    this.#ledger = new Ledger(options);
    this.agenda = new Agenda(this.#ledger);
    this.#composer = new Composer(this.#ledger, this.agenda, options);
    this.#remedies = new Remedies(this.#ledger);
    this.#answers = new Answers(this.#ledger, this.agenda, this.#remedies, options);
  }

  /** Takes a request of this type. Throws `LimitError`. */
  request(request: DeltaRequest, epoch: number): Verdict {
    const { subscribe = [], unsubscribe = [], nonce, error } = request;
    this.#ledger.interest.checkNames(subscribe);
    if (this.#opened) for (const name of subscribe) this.#subscribe(name, epoch);
    else this.#open(request, epoch);
    for (const name of unsubscribe) this.#unsubscribe(name, epoch);
    // Delta: a stale nonce answers nothing, but never cancels a change of the subscription.
    const landed = nonce === undefined ? undefined : this.flights.land(nonce);
    if (landed === undefined) return { kind: "none" };
    this.#answered = true;
    const { flight, own } = landed;
    if (error === undefined) return this.#answers.acknowledged(flight, own, epoch);
    return this.#answers.refused(flight, own, error, epoch);
  }

  /**
   * The table changed: names whose resource was added, replaced, removed or became known. `learned`: what was unknown
   * may be absent now.
   */
  changed(names: Iterable<string>, epoch: number, learned = false): void {
    for (const name of names) {
      if (!this.wants(name)) {
        // What nobody asked for was never sent.
        if (this.#source.get(name) === undefined) this.agenda.vanish(epoch);
        continue;
      }
      if (this.#ledger.matters(name)) this.agenda.touch(name, epoch);
      else {
        this.agenda.cancel(name, epoch);
        this.#forget(name);
      }
    }
    if (learned) this.reconsider(this.withheld.names(), epoch);
  }

  /** Looks again at those of the names that are withheld. */
  reconsider(names: Iterable<string>, epoch: number): void {
    if (this.withheld.size === 0) return;
    for (const name of names) if (this.withheld.has(name)) this.agenda.touch(name, epoch);
  }

  /** Looks again at those of the names that are gone: whose removal waits, or was told. */
  retell(names: Iterable<string>, epoch: number): void {
    for (const name of names) {
      const gone = this.agenda.kind(name) === "remove" || this.#ledger.believed(name) === ABSENT;
      if (gone) this.agenda.touch(name, epoch);
    }
  }

  /** Sends the resource again, whatever the client holds: endpoints of a modified cluster. */
  resend(name: string, epoch: number): void {
    if (!this.wants(name)) return;
    this.#ledger.forced.add(name);
    this.#ledger.refusals.delete(name);
    this.agenda.touch(name, epoch);
  }

  /** The client holds the resource, though it did not report it. */
  surelyHeld(name: string, epoch: number): void {
    if (!this.wants(name) || isHeld(this.#ledger.holdings.get(name))) return;
    this.#ledger.holdings.use(name, SOME);
    if (this.flights.word(name) === undefined) this.agenda.put(this.agenda.together, name, 0, epoch);
  }

  /** The client may have refused the name on an earlier stream, and may have to be freed of it. */
  maybeRefused(name: string): void {
    // What was sent again meanwhile shows by its answer.
    if (this.agenda.has(name) && this.flights.word(name) === undefined) this.#remedies.unanswered(name);
  }

  /** The next response, if there is anything to say, the bounds let it pass and the client may be told now. */
  next(bounds: Bounds, epoch: number, now: number, nonce: () => string): Batch | undefined {
    if (!this.#opened) return undefined;
    const quiet = this.flights.size === 0;
    if (!quiet && now < (this.flights.followAt(this.#composer.loneCount > 0) ?? Infinity)) return undefined;
    const draft = this.#composer.compose(quiet && this.#isProven, bounds, epoch, this.#remedies.stuck);
    if (draft.empty && !this.#saysNothing(quiet)) return undefined;
    this.#owesFirst = false;
    return this.#launch(draft, now, nonce());
  }

  /** What frees the client of what it refused. To be sent before anything else. Undefined when there is nothing. */
  remedy(now: number, nonce: () => string): Batch | undefined {
    if (!this.#remedies.due) return undefined;
    const draft = this.#remedies.compose();
    return draft.empty ? undefined : this.#launch(draft, now, nonce());
  }

  /** Takes back those of the names that a response added, to be tried one by one. Undefined when there are none. */
  takeBack(
    flight: Flight,
    which: (name: string) => boolean,
    epoch: number,
    now: number,
    nonce: () => string,
  ): Batch | undefined {
    flight.takenBack = true;
    const draft = new Draft(Infinity);
    for (const [name, { resource, since, before }] of flight.names) {
      if (resource === undefined || isHeld(before) || this.flights.of(name) !== flight || !which(name)) continue;
      draft.add(name, undefined, since, MAYBE);
    }
    if (draft.empty) return undefined;
    const batch = this.#launch(draft, now, nonce());
    for (const [name, { since }] of draft.sent) this.agenda.suspect(name, since, flight.sentAt, epoch);
    return batch;
  }

  /** Responses that are not answered. */
  get flights(): Flights {
    return this.#ledger.flights;
  }

  /** Whether a wildcard client waits for a first answer, even an empty one. */
  get owesFirst(): boolean {
    return this.#owesFirst;
  }

  /** Names that stay as they are, because too little is known or because they are in use. */
  get withheld(): Withheld {
    return this.#ledger.withheld;
  }

  /** Names of which the client is believed to hold a version. */
  get heldCount(): number {
    return this.#ledger.holdings.size;
  }

  /** Everything that is remembered about names: bounded by what exists, is asked for or held. */
  get entries(): number {
    return this.agenda.size + this.#ledger.entries + this.#remedies.size;
  }

  rejections(): Rejection[] {
    return this.#ledger.refusals.list();
  }

  /** What the client asked for by name. */
  asked(): Iterable<string> {
    return this.#ledger.interest.names();
  }

  wants(name: string): boolean {
    return this.#ledger.interest.wants(name);
  }

  /** Whether the client may hold the resource once it has taken everything that was sent. */
  mayHold(name: string): boolean {
    return mayBeHeld(this.#ledger.believed(name));
  }

  /** Whether the resource is there and the client has not taken it yet. */
  owes(name: string): boolean {
    if (this.#source.get(name) === undefined) return false;
    return this.agenda.has(name) || this.flights.word(name) !== undefined;
  }

  /** Whether nothing would be said about the name, because too little is known. */
  silent(name: string): boolean {
    return this.#ledger.silent(name);
  }

  /** The first change that the client has not taken: of what was sent, only if it was sent later than these times. */
  oldest(what: keyof Flight["oldest"], sentAfter: number, suspectedAfter: number): number {
    return Math.min(this.agenda.oldest(what, suspectedAfter), this.flights.oldest(what, sentAfter));
  }

  /** The first change that was withheld or refused: the client may still use what it held before. */
  get oldestKept(): number {
    return Math.min(this.#ledger.refusals.oldestKept, this.withheld.oldest);
  }

  /** When another response may follow although the last is not answered. Undefined when there is none to send. */
  followAt(): number | undefined {
    return this.agenda.size === 0 ? undefined : this.flights.followAt(this.#composer.loneCount > 0);
  }

  /** Names that the client may hold without being able to report them. */
  uncertain(): string[] {
    return [...new Set([...this.flights.names.keys(), ...this.#ledger.holdings.uncertain()])];
  }

  #open(request: DeltaRequest, epoch: number): void {
    const { subscribe = [], unsubscribe = [], initialVersions = {} } = request;
    const { interest, holdings } = this.#ledger;
    const initial = Object.entries(initialVersions);
    const { names } = this.#options.limits;
    if (initial.length > names) throw new LimitError(`${initial.length} initial versions; at most ${names} are taken`);
    interest.checkNames(initial.map(([name]) => name));
    this.#opened = true;
    // What was gone before it asked was never sent.
    this.agenda.vanish(epoch);
    // A first request without names is a wildcard (the legacy form); Envoy's way for listeners and clusters.
    if (subscribe.length === 0 && unsubscribe.length === 0) interest.wildcard = true;
    for (const name of subscribe) {
      if (name === "*") interest.wildcard = true;
      else interest.add(name);
      this.#options.asked?.(name);
    }
    for (const name of this.#options.leftovers ?? []) if (this.wants(name)) holdings.set(name, MAYBE);
    for (const [name, version] of initial) if (this.wants(name)) this.#ledger.report(name, version);
    this.#owesFirst = interest.wildcard && initial.length === 0;
    for (const names of [holdings.keys(), interest.names(), interest.wildcard ? this.#source.names() : []]) {
      // What it holds is older than every change that this stream tells of any type.
      for (const name of names) if (!this.agenda.has(name)) this.agenda.put(this.agenda.together, name, 0, epoch);
    }
  }

  #subscribe(name: string, epoch: number): void {
    const { interest, holdings, refusals, forced } = this.#ledger;
    if (name === "*") {
      if (interest.wildcard) return;
      interest.wildcard = true;
      for (const each of this.#source.names()) this.agenda.touch(each, epoch);
      return;
    }
    interest.add(name);
    // Whoever asks again may have forgotten it: answer even if nothing changed.
    holdings.delete(name);
    refusals.delete(name);
    forced.add(name);
    const since = this.#options.asked?.(name);
    // What made it ask is gone before it could be answered.
    if (since !== undefined && this.#source.get(name) === undefined) this.agenda.vanish(epoch);
    this.agenda.touch(name, epoch, since);
  }

  #unsubscribe(name: string, epoch: number): void {
    const { interest, holdings } = this.#ledger;
    if (name === "*") {
      interest.wildcard = false;
      for (const keys of [holdings.keys(), this.agenda.keys(), this.withheld.names()]) {
        for (const each of keys) if (!interest.isNamed(each)) this.#forget(each);
      }
      return;
    }
    const was = interest.delete(name);
    if (was) this.#options.dropped?.(name);
    if (!interest.wildcard) this.#forget(name);
    else if (was) {
      // Still wanted by the wildcard, but the client may have dropped it: say what it is now.
      holdings.set(name, MAYBE);
      this.agenda.touch(name, epoch);
    }
  }

  /** Whether nothing is left of an earlier stream that could delay the client's answers. */
  get #isProven(): boolean {
    return this.#answered || this.#ledger.holdings.size === 0;
  }

  /** Whether an empty response has a meaning. */
  #saysNothing(quiet: boolean): boolean {
    // What travels alone goes to a client that answers: ask.
    if (quiet && !this.#isProven && this.#composer.loneCount > 0) return true;
    // A wildcard client waits for a first answer, if only to know that there is nothing.
    return this.#owesFirst && this.agenda.size === 0;
  }

  #launch(draft: Draft, now: number, nonce: string): Batch {
    this.flights.launch(nonce, now, draft.sent);
    return { nonce, resources: draft.resources, removed: draft.removed };
  }

  #forget(name: string): void {
    this.agenda.delete(name);
    this.#ledger.forget(name);
    this.#remedies.forget(name);
  }
}
