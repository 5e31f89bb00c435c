/** Composes one response of what a subscription has to say and may say now. */
import type { Agenda } from "./agenda.ts";
import { decide } from "./decide.ts";
import type { Policy } from "./decide.ts";
import { Draft } from "./draft.ts";
import type { Ledger } from "./ledger.ts";
import type { Limits } from "./message.ts";
import type { Bounds, Kind, WaitingNames } from "./waiting.ts";

const CONTENT: readonly Kind[] = ["answer", "add", "replace"];
const NEW_CONTENT: readonly Kind[] = ["answer", "add"];
const REMOVALS: readonly Kind[] = ["remove"];
const ALL: readonly Kind[] = [...CONTENT, ...REMOVALS];

export interface ComposerOptions extends Policy {
  readonly limits: Limits;
  /** New versions of what the client holds travel one by one, while nothing else is unanswered. */
  readonly replaceAlone?: boolean;
}

export class Composer {
  readonly #ledger: Ledger;
  readonly #agenda: Agenda;
  readonly #options: ComposerOptions;
  #lastWasLone = false;
  #only: ReadonlySet<string> = new Set();

  constructor(ledger: Ledger, agenda: Agenda, options: ComposerOptions) {
    this.#ledger = ledger;
    this.#agenda = agenda;
    this.#options = options;
  }

  /** Names that wait to travel alone. */
  get loneCount(): number {
    const { alone, together } = this.#agenda;
    return alone.size + (this.#options.replaceAlone === true ? together.count("replace") : 0);
  }

  /**
   * What may be said now, perhaps nothing. Names travel alone only while the client owes no answer: `quiet`. `only`: of
   * no others anything may be said, if there are any.
   */
  compose(quiet: boolean, bounds: Bounds, epoch: number, only: ReadonlySet<string>): Draft {
    this.#only = only;
    const draft = new Draft(this.#options.limits.responseBytes);
    // In turns, so that neither what travels alone nor the rest waits for the end of the other.
    const turns = quiet ? (this.#lastWasLone ? [false, true] : [true, false]) : [false];
    for (const lone of turns) {
      if (lone) this.#writeLone(draft, bounds, epoch);
      else this.#writeTogether(draft, bounds, epoch);
      this.#lastWasLone = lone;
      if (!draft.empty) break;
    }
    return draft;
  }

  #writeLone(draft: Draft, bounds: Bounds, epoch: number): void {
    const { alone, together } = this.#agenda;
    this.#write(draft, alone, ALL, 1, bounds, epoch);
    if (this.#options.replaceAlone === true) this.#write(draft, together, ["replace"], 1, bounds, epoch);
  }

  #writeTogether(draft: Draft, bounds: Bounds, epoch: number): void {
    const kinds = this.#options.replaceAlone === true ? NEW_CONTENT : CONTENT;
    this.#write(draft, this.#agenda.together, kinds, Infinity, bounds, epoch);
    // Of a refused response Envoy does the removals, but goes on to report what it removed. Alone they are not refused.
    if (draft.empty) this.#write(draft, this.#agenda.together, REMOVALS, Infinity, bounds, epoch);
  }

  #write(draft: Draft, from: WaitingNames, kinds: readonly Kind[], most: number, bounds: Bounds, epoch: number): void {
    const { forced, withheld, source } = this.#ledger;
    for (const kind of kinds) {
      for (const [name, entry] of this.#only.size > 0 ? from.among(kind, this.#only) : from.ready(kind, bounds)) {
        if (draft.sent.size >= most) return;
        const decision = decide(this.#ledger, this.#options, name, entry, bounds, epoch);
        if (decision === "wait") continue;
        if (decision === "later" || decision === "stale") {
          const since = decision === "stale" ? entry.since : (entry.later ?? epoch);
          this.#agenda.put(from, name, since, epoch);
          continue;
        }
        const says = decision !== "none" && decision !== "withhold";
        const resource = typeof decision === "string" ? undefined : decision;
        if (says && !draft.add(name, resource, entry.since, this.#ledger.believed(name))) return;
        from.delete(name);
        if (decision === "withhold") withheld.add(name, entry.since);
        else {
          withheld.delete(name);
          forced.delete(name);
        }
        const newest = resource && source.get(name);
        // Older content was sent: the newer waits on, with all that it depends on by now.
        if (newest && newest.version !== resource.version) {
          this.#agenda.together.put(name, "replace", newest, entry.later ?? epoch, epoch);
        }
      }
    }
  }
}
