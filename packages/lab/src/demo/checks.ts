/** What a step claims, with the figure that was seen and the bound that it has to keep. */
import { setTimeout as delay } from "node:timers/promises";

export interface Check {
  readonly claim: string;
  /** For programs; `unit` says of what. */
  readonly value: number | string | boolean;
  readonly unit: string;
  /** For people: the value and what it has to be. */
  readonly figure: string;
  readonly bound: string;
  readonly met: boolean;
}

/** A claim that does not hold. It ends the step, and with it the demo. */
export class CheckFailed extends Error {
  override readonly name = "CheckFailed";
}

export interface ChecksOutput {
  /** What happens now. */
  now(what: string): void;
  check(check: Check): void;
}

const POLL_MS = 10;

/** The claims of one step. Every method throws `CheckFailed` on a claim that does not hold. */
export class Checks {
  readonly #output: ChecksOutput;

  constructor(output: ChecksOutput) {
    this.#output = output;
  }

  now(what: string): void {
    this.#output.now(what);
  }

  atMost(claim: string, value: number, bound: number, unit: string): void {
    this.#add({
      claim,
      value,
      unit,
      figure: shown(value, unit),
      bound: `≤ ${shown(bound, unit)}`,
      met: value <= bound,
    });
  }

  atLeast(claim: string, value: number, bound: number, unit: string): void {
    this.#add({
      claim,
      value,
      unit,
      figure: shown(value, unit),
      bound: `≥ ${shown(bound, unit)}`,
      met: value >= bound,
    });
  }

  between(claim: string, value: number, least: number, most: number, unit: string): void {
    const bound = `${shown(least, "")} to ${shown(most, unit)}`;
    this.#add({ claim, value, unit, figure: shown(value, unit), bound, met: value >= least && value <= most });
  }

  exactly(claim: string, value: number | string, expected: number | string, unit = ""): void {
    const met = value === expected;
    this.#add({ claim, value, unit, figure: shown(value, unit), bound: shown(expected, unit), met });
  }

  near(claim: string, value: number, expected: number, tolerance: number, unit: string): void {
    const bound = `${shown(expected, unit)} ± ${shown(tolerance, "")}`;
    this.#add({ claim, value, unit, figure: shown(value, unit), bound, met: Math.abs(value - expected) <= tolerance });
  }

  /** A claim that has no number: `figure` says what was seen. */
  holds(claim: string, met: boolean, figure: string, bound: string): void {
    this.#add({ claim, value: met, unit: "", figure, bound, met });
  }

  /**
   * Waits until `condition` holds and gives the milliseconds that it took; fails beyond `withinMs`. A condition that
   * throws does not hold yet.
   */
  async within(claim: string, withinMs: number, condition: () => Promise<boolean> | boolean): Promise<number> {
    const started = performance.now();
    let why = "";
    for (;;) {
      const holds = await Promise.resolve()
        .then(condition)
        .catch((error: unknown) => {
          why = error instanceof Error ? ` (${error.message})` : "";
          return false;
        });
      const ms = performance.now() - started;
      if (holds) {
        this.atMost(claim, ms, withinMs, "ms");
        return ms;
      }
      if (ms > withinMs) {
        this.holds(claim, false, `not within ${shown(ms, "ms")}${why}`, `≤ ${shown(withinMs, "ms")}`);
      }
      await delay(POLL_MS);
    }
  }

  #add(check: Check): void {
    this.#output.check(check);
    if (!check.met) throw new CheckFailed(`${check.claim}: ${check.figure}, but it has to be ${check.bound}`);
  }
}

function shown(value: number | string, unit: string): string {
  if (typeof value === "string") return value;
  const digits = Number.isInteger(value) ? 0 : 1;
  const text = value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits });
  return unit === "" ? text : `${text} ${unit}`;
}
