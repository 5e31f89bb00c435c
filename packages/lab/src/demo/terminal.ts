/** What a person sees: what happens now, then the figure beside its bound. */
import { styleText } from "node:util";
import type { Check } from "./checks.ts";

const CLAIM_WIDTH = 46;
const FIGURE_WIDTH = 14;

export interface Screen {
  readonly terminal: boolean;
  write(text: string): void;
}

export class Terminal {
  readonly #screen: Screen;
  /** A line that the next one overwrites. */
  #passing = false;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  title(text: string): void {
    this.line(`\n${style("bold", text)}`);
  }

  /** On a terminal a line that passes by, elsewhere one that stays. */
  now(what: string): void {
    if (!this.#screen.terminal) return this.line(`   … ${what}`);
    this.#clear();
    this.#screen.write(`   ${style("dim", `… ${what}`)}`);
    this.#passing = true;
  }

  check({ claim, figure, bound, met }: Check): void {
    const mark = met ? style("green", "✓") : style("red", "✗");
    const seen = figure.padStart(FIGURE_WIDTH);
    this.line(
      `   ${mark} ${claim.padEnd(CLAIM_WIDTH)} ${met ? style("bold", seen) : style("red", seen)}   ${style("dim", bound)}`,
    );
  }

  line(text: string): void {
    this.#clear();
    this.#screen.write(`${text}\n`);
  }

  #clear(): void {
    if (this.#passing) this.#screen.write("\r\u001b[K");
    this.#passing = false;
  }
}

/** `styleText` leaves colours away where the output is no terminal, and with NO_COLOR. */
function style(format: "bold" | "dim" | "green" | "red", text: string): string {
  return styleText(format, text, { stream: process.stdout });
}
