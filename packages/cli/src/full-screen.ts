import type { CliContext } from "./context.ts";

/** The other screen of a terminal, without lines that go on in the next row. What was seen before comes back with `LEAVE`. */
const ENTER = "\u001b[?1049h\u001b[?7l";
const LEAVE = "\u001b[?7h\u001b[?1049l";
const HOME = "\u001b[H";
const CLEAR_LINE = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";

/** Pictures that follow each other on the whole terminal, which is given back as it was: nothing is deleted. */
export class FullScreen implements Disposable {
  readonly #context: CliContext;

  constructor(context: CliContext) {
    this.#context = context;
    this.#write(ENTER);
  }

  /** Lines beyond the last row are counted there. */
  show(lines: readonly string[]): void {
    const rows = this.#context.screen.height;
    const shown =
      lines.length <= rows ? lines : [...lines.slice(0, rows - 1), `… ${lines.length - rows + 1} lines more`];
    this.#write(`${HOME}${shown.map((line) => `${line}${CLEAR_LINE}`).join("\n")}${CLEAR_BELOW}`);
  }

  [Symbol.dispose](): void {
    this.#write(LEAVE);
  }

  #write(text: string): void {
    this.#context.process.stdout.write(text);
  }
}
