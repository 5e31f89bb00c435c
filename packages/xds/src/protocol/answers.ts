/** What an ACK or a NACK says about the names of the response that it answers. */
import type { Agenda } from "./agenda.ts";
import type { Flight } from "./flights.ts";
import type { Ledger } from "./ledger.ts";
import type { Verdict } from "./message.ts";
import { blamed, shownMessage } from "./nack.ts";
import type { Remedies } from "./remedies.ts";

export interface AnswersOptions {
  /** Whether the client uses what was sent, though it refused the response. */
  readonly used?: (name: string) => boolean;
  /** Called with each name about which the client took what was said. */
  readonly taken?: (name: string) => void;
  /** See `Rules`; false only in tests. */
  readonly resendSiblings?: boolean;
  /** Whether the client has to be freed of what it refused. */
  readonly remedies?: boolean;
}

export class Answers {
  readonly #ledger: Ledger;
  readonly #agenda: Agenda;
  readonly #remedies: Remedies;
  readonly #options: AnswersOptions;

  constructor(ledger: Ledger, agenda: Agenda, remedies: Remedies, options: AnswersOptions) {
    this.#ledger = ledger;
    this.#agenda = agenda;
    this.#remedies = remedies;
    this.#options = options;
  }

  /** `own`: the names of which no later response speaks. */
  acknowledged({ nonce, names, takenBack }: Flight, own: ReadonlySet<string>, epoch: number): Verdict {
    for (const [name, sent] of names) {
      if (own.has(name)) {
        if (!this.#ledger.interest.wants(name)) continue;
        this.#remedies.taken(name, sent);
        if (sent.remedy === "probe") continue;
        this.#ledger.accept(name, sent);
        this.#options.taken?.(name);
      } else if (takenBack && this.#agenda.alone.has(name)) {
        // It was only slow: what was taken back can return in one response.
        this.#agenda.put(this.#agenda.together, name, sent.since, epoch);
      }
    }
    return { kind: "ack", nonce, names: names.size };
  }

  refused(
    { nonce, names, takenBack, sentAt }: Flight,
    own: ReadonlySet<string>,
    error: string,
    epoch: number,
  ): Verdict {
    const message = shownMessage(error);
    const suspects = blamed(error, names);
    for (const [name, sent] of names) {
      const again = own.has(name) || (takenBack && this.#agenda.alone.has(name));
      if (!again || sent.remedy !== undefined || !this.#ledger.interest.wants(name)) continue;
      const suspect = suspects.size === 0 || suspects.has(name);
      const used = this.#options.used?.(name) === true;
      if (suspect && own.has(name) && this.#options.remedies === true) this.#remedies.refused(name, sent, used);
      if (names.size === 1 && own.has(name)) this.#ledger.park(name, sent, message);
      else if (!suspect && this.#options.resendSiblings === false) this.#ledger.accept(name, sent);
      else {
        // Nothing of a refused response is assumed held: the blamed travel alone, the others again in a clean one.
        if (own.has(name)) this.#ledger.doubt(name, sent, used);
        if (suspect) this.#agenda.suspect(name, sent.since, sentAt, epoch);
        else this.#agenda.put(this.#agenda.together, name, sent.since, epoch);
      }
    }
    return { kind: "nack", nonce, names: [...names.keys()], message };
  }
}
