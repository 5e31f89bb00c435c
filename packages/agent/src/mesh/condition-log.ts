import type { Condition } from "../bpf/index.ts";

/** Lines about conditions that are written at once: a map that is full may be so for thousands. */
const MOST_LINES = 20;

export interface ConditionLines {
  warn(sentence: string): void;
  info(sentence: string): void;
}

/** Says each condition once, when it comes and when it goes. */
export class ConditionLog {
  readonly #log: ConditionLines;
  #told: ReadonlyMap<string, Condition> = new Map();

  constructor(log: ConditionLines) {
    this.#log = log;
  }

  tell(conditions: ReadonlyMap<string, Condition>): void {
    const told = this.#told;
    this.#told = new Map(conditions);
    const come = [...conditions].filter(([key, { message }]) => told.get(key)?.message !== message);
    const gone = [...told].filter(([key]) => !conditions.has(key));
    const messages = (of: typeof come) => of.map(([, { message }]) => message);
    this.#say(messages(come), "conditions", (line) => this.#log.warn(line));
    const over = messages(gone).map((message) => `is over: ${message}`);
    this.#say(over, "conditions are over", (line) => this.#log.info(line));
  }

  #say(sentences: readonly string[], what: string, write: (line: string) => void): void {
    for (const sentence of sentences.slice(0, MOST_LINES)) write(sentence);
    const rest = sentences.length - MOST_LINES;
    if (rest > 0) write(`${rest} more ${what}; carrick_agent_conditions counts those that hold`);
  }
}
