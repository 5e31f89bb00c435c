/** `lab demo`: for each part starts its world, runs the steps, says what was seen; takes everything down at the end. */
import { join } from "node:path";
import { CHECKOUT } from "../process/checkout.ts";
import { type Check, Checks, type ChecksOutput } from "./checks.ts";
import type { OpenPart, Part, PartStep } from "./part.ts";
import { PARTS, STEPS } from "./parts.ts";
import { type DemoRecord, type StepRecord, writeRecord } from "./record.ts";
import { DemoError, openRunFolder, type RunFolder } from "./run-folder.ts";
import { Terminal } from "./terminal.ts";

const INTERRUPTED = 130;

export interface DemoEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: { readonly isTTY?: boolean; write(text: string): unknown };
  /** Resolves when the person at the terminal wants it to end. */
  readonly interrupted: Promise<void>;
}

/** Resolves with the exit code: 0 when every check held, 1 when one did not, 2 when it could not begin. */
export async function runDemo(argv: readonly string[], { env, stdout, interrupted }: DemoEnvironment): Promise<number> {
  const terminal = new Terminal({ terminal: stdout.isTTY === true, write: (text) => void stdout.write(text) });
  let run: RunFolder;
  let fault: PartStep | undefined;
  let steps: readonly PartStep[];
  try {
    fault = plantedFault(env["DEMO_FAULT"]);
    steps = fault === undefined ? chosenSteps(argv) : [fault];
    run = openRunFolder(join(CHECKOUT, ".lab", "demo"));
  } catch (error) {
    terminal.line(messageOf(error));
    return 2;
  }
  const stays = stdout.isTTY === true && (env["CI"] ?? "") === "" && fault === undefined;
  const demo = new Demo(terminal, run, steps, fault);
  const stop = interrupted.then(() => INTERRUPTED);
  try {
    const code = await Promise.race([demo.run(), stop]);
    const invitation = code === 0 && stays ? demo.invitation() : "";
    if (invitation === "") return code;
    terminal.line(invitation);
    await stop;
    return 0;
  } finally {
    terminal.now("everything is taken down");
    await demo.close();
    terminal.line("");
  }
}

class Demo {
  readonly #terminal: Terminal;
  readonly #run: RunFolder;
  readonly #steps: readonly PartStep[];
  readonly #fault: PartStep | undefined;
  readonly #records: StepRecord[] = [];
  /** Parts that were begun; what is half started is known only when the start has come to an end. */
  readonly #opened: Promise<OpenPart>[] = [];
  readonly #open: OpenPart[] = [];
  #startUpMs = 0;
  #closing = false;

  constructor(terminal: Terminal, run: RunFolder, steps: readonly PartStep[], fault: PartStep | undefined) {
    this.#terminal = terminal;
    this.#run = run;
    this.#steps = steps;
    this.#fault = fault;
  }

  /** Gives the exit code, and writes the figures unless it is closed before the end. */
  async run(): Promise<number> {
    const started = new Date();
    const begin = performance.now();
    const left: string[] = [];
    let failed: StepRecord | undefined;
    for (const part of PARTS) {
      const steps = part.steps.filter((step) => this.#steps.some(({ number }) => number === step.number));
      if (steps.length === 0 || failed !== undefined || this.#closing) continue;
      const unable = part.unable();
      this.#terminal.title(`Carrick: ${part.title}`);
      if (unable === undefined) failed = await this.#runPart(part, steps);
      else {
        left.push(unable);
        this.#terminal.line(`   left out: ${unable}`);
      }
    }
    const totalMs = performance.now() - begin;
    const record: DemoRecord = {
      version: 1,
      ok: failed === undefined,
      started: started.toISOString(),
      startUpMs: Math.round(this.#startUpMs),
      totalMs: Math.round(totalMs),
      ...(this.#fault && { fault: this.#fault.number }),
      steps: this.#records,
      ...(left.length > 0 && { leftOut: left }),
      ...(failed?.step === 0 && { error: failed.error! }),
    };
    if (this.#closing) return INTERRUPTED;
    writeRecord(join(CHECKOUT, ".lab", "demo.json"), record);
    this.#terminal.title(verdict(record, failed));
    return failed === undefined ? 0 : 1;
  }

  /** What a person can try while it stays up. */
  invitation(): string {
    return this.#open.map((part) => part.invitation(CHECKOUT)).join("");
  }

  /** Takes everything down. A step that still runs fails by that, which is not told. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const opened of this.#opened.toReversed()) await (await opened.catch(() => undefined))?.close();
    this.#run.remove();
  }

  /** Up to the first step that fails, which it gives. */
  async #runPart(part: Part, steps: readonly PartStep[]): Promise<StepRecord | undefined> {
    let open: OpenPart | undefined;
    const startUp = await this.#attempt(0, "Start-up", async (checks) => {
      checks.now(part.starts);
      const opening = part.open(this.#run);
      this.#opened.push(opening);
      open = await opening;
      this.#open.push(open);
      await open.settle(checks);
    });
    this.#startUpMs += startUp.ms;
    if (!startUp.ok) return startUp;
    for (const step of steps) {
      if (this.#closing) return undefined;
      const run = (checks: Checks) => open!.run(step, checks, step.number === this.#fault?.number);
      const record = await this.#attempt(step.number, step.title, run);
      this.#records.push(record);
      if (!record.ok) return record;
    }
    return undefined;
  }

  async #attempt(number: number, title: string, run: (checks: Checks) => Promise<void>): Promise<StepRecord> {
    const checks: Check[] = [];
    const output: ChecksOutput = {
      now: (what) => {
        if (!this.#closing) this.#terminal.now(what);
      },
      check: (check) => {
        checks.push(check);
        if (!this.#closing) this.#terminal.check(check);
      },
    };
    this.#terminal.title(number === 0 ? title : `${number}  ${title}`);
    if (this.#fault?.number === number) this.#terminal.line(`   planted: ${this.#fault.fault}`);
    const begin = performance.now();
    const record = (error?: unknown): StepRecord => ({
      step: number,
      title,
      ok: error === undefined,
      ms: Math.round(performance.now() - begin),
      checks,
      ...(error !== undefined && { error: messageOf(error) }),
    });
    try {
      await run(new Checks(output));
      return record();
    } catch (error) {
      return record(error);
    }
  }
}

function verdict({ totalMs }: DemoRecord, failed: StepRecord | undefined): string {
  const seconds = (totalMs / 1000).toFixed(1);
  if (failed === undefined) return `Every check held, in ${seconds} s. Figures: .lab/demo.json`;
  const where = failed.step === 0 ? "the start-up" : `step ${failed.step}`;
  return `Failed in ${where} after ${seconds} s: ${failed.error}. Logs: .lab/demo/logs, figures: .lab/demo.json`;
}

/** All, or those whose numbers are given; those have to be able to run here. */
function chosenSteps(argv: readonly string[]): readonly PartStep[] {
  const unknown = argv.find((text) => !STEPS.some(({ number }) => String(number) === text));
  if (unknown !== undefined) {
    throw new DemoError(
      `lab demo: "${unknown}" is no step; give numbers from 1 to ${STEPS.length}, or nothing for all`,
    );
  }
  return argv.length === 0 ? STEPS : argv.map(able);
}

function plantedFault(text: string | undefined): PartStep | undefined {
  if (text === undefined || text === "") return undefined;
  if (STEPS.some(({ number }) => String(number) === text)) return able(text);
  throw new DemoError(`DEMO_FAULT: "${text}" is no step of the demo; give a number from 1 to ${STEPS.length}`);
}

/** The step of this number. Throws `DemoError` where its part cannot run. */
function able(text: string): PartStep {
  const part = PARTS.find(({ steps }) => steps.some(({ number }) => String(number) === text))!;
  const unable = part.unable();
  if (unable !== undefined) throw new DemoError(`lab demo: step ${text}: ${unable}`);
  return part.steps.find(({ number }) => String(number) === text)!;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
