/**
 * Scopes and their route tables on one stream. All listeners share the scopes. Envoy asks for their tables once it has
 * taken them, gives all up without a word when no listener uses them any more, and does not ask for them again.
 */
import type { Batch } from "./draft.ts";
import type { DeltaRequest, Verdict } from "./message.ts";
import { PATIENCE_MS } from "./order.ts";
import type { Source, TypeUrl } from "./resource.ts";
import type { Rules } from "./rules.ts";
import { ScopeTables } from "./scope-tables.ts";
import type { Subscription } from "./subscription.ts";
import { LISTENER, ROUTES, SCOPED_ROUTES } from "./type-url.ts";

export class Scopes {
  readonly #all: ReadonlyMap<TypeUrl, Subscription>;
  readonly #source: Source;
  readonly #rules: Rules;
  readonly #tables = new ScopeTables(PATIENCE_MS);

  constructor(all: ReadonlyMap<TypeUrl, Subscription>, source: Source, rules: Rules) {
    this.#all = all;
    this.#source = source;
    this.#rules = rules;
  }

  /** Names that are remembered. */
  get entries(): number {
    return this.#tables.size;
  }

  /** The first change of a scope whose table the client will ask for. Infinity when there is none. */
  get awaited(): number {
    return this.#tables.oldest;
  }

  /** When that is not waited for any longer. */
  get expiresAt(): number | undefined {
    return this.#tables.expiresAt;
  }

  /** Whether there are any. */
  get exist(): boolean {
    for (const _ of this.#source.names()) return true;
    return false;
  }

  /** How route tables are subscribed to. */
  routesOptions() {
    return {
      asked: (table: string) => {
        const since = this.#tables.forget(table);
        return this.#rules.listenersWaitForScopedRoutes ? since : undefined;
      },
      dropped: (table: string) => {
        if (this.#all.get(SCOPED_ROUTES)?.mayHold(table) === true) this.#tables.drop(table);
      },
    };
  }

  /** The client tells which scopes it holds. */
  opened({ initialVersions = {} }: DeltaRequest): void {
    const routes = this.#all.get(ROUTES);
    for (const name of Object.keys(initialVersions)) if (routes?.wants(name) !== true) this.#tables.drop(name);
  }

  /** The client answered something. */
  answered(type: TypeUrl, verdict: Verdict, epoch: number): void {
    if (type === SCOPED_ROUTES && verdict.kind === "nack") {
      for (const name of verdict.names) this.#tables.forget(name);
    }
    if (type === LISTENER && verdict.kind !== "none" && verdict.names !== 0) {
      this.#resend(this.#tables.listened(), epoch);
    }
  }

  /** A response about scopes was sent. */
  sent({ resources, removed }: Batch, now: number): void {
    const flights = this.#all.get(SCOPED_ROUTES)!.flights;
    for (const name of removed) this.#tables.forget(name);
    for (const { name } of resources) {
      if (this.#all.get(ROUTES)?.wants(name) === true) continue;
      this.#tables.sent(name, flights.of(name)!.names.get(name)!.since, now);
    }
  }

  /** Time has passed. */
  tick(now: number, epoch: number): void {
    this.#resend(this.#tables.expire(now), epoch);
  }

  /** The client has told what it holds. An earlier stream may have given it a listener, and ended before the scopes. */
  resumed(epoch: number): void {
    if ((this.#all.get(LISTENER)?.heldCount ?? 0) > 0) this.#resend(this.#tables.listened(), epoch);
  }

  /** A listener that uses scopes while no other does gets them only if they come after it. */
  #resend(names: Iterable<string>, epoch: number): void {
    if (!this.#rules.resendUnusedScopes) return;
    const scopes = this.#all.get(SCOPED_ROUTES);
    // Also one that is gone: it may come back before its removal was told.
    for (const name of names) scopes?.resend(name, epoch);
  }
}
