/** One client and the stream that it has to a replica, with messages on their way in both directions. */
import {
  CLUSTER,
  type DeltaRequest,
  type DeltaResponse,
  ENDPOINTS,
  type Resource,
  type Rules,
  Sequencer,
  type TypeUrl,
} from "@carrick/xds/protocol";
import type { View } from "@carrick/xds/protocol";
import { EnvoyModel } from "./envoy-model.ts";
import { resourceOf } from "./meaning.ts";

const ABSENT = new Map([[ENDPOINTS, (name: string): Resource => resourceOf(name, { endpoints: [] })]]);

export class Link {
  readonly envoy: EnvoyModel;
  /** Virtual time in milliseconds. */
  now = 0;
  sequencer: Sequencer;
  /** Resources that were sent on this stream, of those that the client uses. */
  sent = 0;
  /** Responses that were written although too many of their type had no answer. */
  crowded = 0;
  readonly #unanswered = new Map<TypeUrl, number>();
  readonly #rules: Rules;
  readonly #window: number;
  readonly #down: DeltaResponse[] = [];
  readonly #up: { readonly type: TypeUrl; readonly request: DeltaRequest }[] = [];
  #unwatch: () => void;

  /** `window`: responses that the transport takes before the client reads. */
  constructor(view: View, rules: Rules, window: number, envoy = new EnvoyModel()) {
    this.envoy = envoy;
    this.#rules = rules;
    this.#window = window;
    this.sequencer = new Sequencer(view, { rules, absent: ABSENT });
    this.#unwatch = view.watch((changed, learned) => this.sequencer.changed(changed, learned));
    envoy.connect();
    this.#collect();
  }

  /** The stream breaks, the client opens another one. `same` replica: it remembers what it may have left behind. */
  reconnect(view: View, same: boolean): void {
    const leftovers = same ? this.sequencer.leftovers() : new Map<TypeUrl, readonly string[]>();
    this.#unwatch();
    this.envoy.disconnect();
    this.#down.length = 0;
    this.#up.length = 0;
    this.sent = 0;
    this.#unanswered.clear();
    this.sequencer = new Sequencer(view, { rules: this.#rules, absent: ABSENT, leftovers });
    this.#unwatch = view.watch((changed, learned) => this.sequencer.changed(changed, learned));
    this.envoy.connect();
    this.#collect();
  }

  /** The server writes what it has to say, until the transport is full. False when nothing was written. */
  write(): boolean {
    let wrote = false;
    while (this.#down.length < this.#window) {
      const response = this.sequencer.step(this.now);
      if (response === undefined) break;
      this.sent += response.resources.filter(({ name }) => this.envoy.wants(response.type, name)).length;
      const unanswered = (this.#unanswered.get(response.type) ?? 0) + 1;
      this.#unanswered.set(response.type, unanswered);
      // Clusters overlap; and what was taken back is told beside what it takes back.
      if (unanswered > (response.type === CLUSTER ? 8 : 1)) this.crowded++;
      this.#down.push(response);
      wrote = true;
    }
    return wrote;
  }

  /** The client reads one response. False when there is none. */
  read(): boolean {
    const response = this.#down.shift();
    if (response === undefined) return false;
    this.envoy.receive(response, this.now);
    this.#collect();
    return true;
  }

  /** The server reads one request. False when there is none. */
  hear(): boolean {
    const message = this.#up.shift();
    if (message === undefined) return false;
    const { type, request } = message;
    if (request.nonce !== undefined) this.#unanswered.set(type, this.#unanswered.get(type)! - 1);
    this.sequencer.request(type, request);
    return true;
  }

  pass(ms: number): void {
    this.now += ms;
    this.envoy.tick(this.now);
    this.#collect();
  }

  /** Runs until nobody has anything to say within `patienceMs` of virtual time. */
  settle(patienceMs = 40_000): void {
    const end = this.now + patienceMs;
    for (;;) {
      while ([this.write(), this.read(), this.hear()].includes(true));
      const { now } = this;
      if (now >= end) return;
      const next = Math.min(this.sequencer.deadline(now) ?? Infinity, this.envoy.givesUpAt);
      this.pass(Math.max(0, Math.min(end, next, now + 5000) - now));
    }
  }

  #collect(): void {
    this.#up.push(...this.envoy.outbox.splice(0));
  }
}
