/** `lab demo`: starts the world, runs the steps, says what was seen, takes everything down. */
import { join } from "node:path";
import { CHECKOUT } from "../process/checkout.ts";
import { type Check, Checks, type ChecksOutput } from "./checks.ts";
import { invitation } from "./edge/invitation.ts";
import { type DemoRecord, type StepRecord, writeRecord } from "./record.ts";
import { DemoError, openRunFolder, type RunFolder } from "./run-folder.ts";
import { awaitStarted } from "./edge/start-up.ts";
import type { Step } from "./step.ts";
import { STEPS } from "./edge/steps/index.ts";
import { Terminal } from "./terminal.ts";
import { startWorld, type World } from "./edge/world.ts";

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
  let fault: Step | undefined;
  let steps: readonly Step[];
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
    if (code !== 0 || !stays) return code;
    terminal.line(invitation(demo.world!, CHECKOUT));
    await stop;
    return 0;
  } finally {
    terminal.now("everything is taken down");
    await demo.close();
    terminal.line("");
  }
}

class Demo {
  world: World | undefined;
  readonly #terminal: Terminal;
  readonly #run: RunFolder;
  readonly #steps: readonly Step[];
  readonly #fault: Step | undefined;
  readonly #records: StepRecord[] = [];
  #starting: Promise<World> | undefined;
  #closing = false;

  constructor(terminal: Terminal, run: RunFolder, steps: readonly Step[], fault: Step | undefined) {
    this.#terminal = terminal;
    this.#run = run;
    this.#steps = steps;
    this.#fault = fault;
  }

  /** Gives the exit code, and writes the figures unless it is closed before the end. */
  async run(): Promise<number> {
    const started = new Date();
    const begin = performance.now();
    this.#terminal.title("Carrick: two clusters behind one edge, on 127.0.0.0/8, without root");
    const startUp = await this.#attempt(0, "Start-up", async (checks) => {
      checks.now("2 API servers, 5 pods, 2 replicas of the controller, 2 Envoys: every one a process");
      this.#starting = startWorld(this.#run);
      this.world = await this.#starting;
      await awaitStarted(this.world, checks);
    });
    if (startUp.ok) await this.#runSteps();
    const failed = [startUp, ...this.#records].find(({ ok }) => !ok);
    const totalMs = performance.now() - begin;
    const record: DemoRecord = {
      version: 1,
      ok: failed === undefined,
      started: started.toISOString(),
      startUpMs: Math.round(startUp.ms),
      totalMs: Math.round(totalMs),
      ...(this.#fault && { fault: this.#fault.number }),
      steps: this.#records,
      ...(startUp.error !== undefined && { error: startUp.error }),
    };
    if (this.#closing) return INTERRUPTED;
    writeRecord(join(CHECKOUT, ".lab", "demo.json"), record);
    this.#terminal.title(verdict(record, failed));
    return failed === undefined ? 0 : 1;
  }

  /** Takes everything down. A step that still runs fails by that, which is not told. */
  async close(): Promise<void> {
    this.#closing = true;
    // What is half started is known only when the start has come to an end; the rest dies with this process.
    const world = this.world ?? (await this.#starting?.catch(() => undefined));
    await world?.close();
    this.#run.remove();
  }

  /** Up to the first that fails. */
  async #runSteps(): Promise<void> {
    for (const step of this.#steps) {
      const run = (checks: Checks) => step.run(this.world!, checks, step === this.#fault);
      const record = await this.#attempt(step.number, step.title, run);
      this.#records.push(record);
      if (!record.ok || this.#closing) return;
    }
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

/** All, or those whose numbers are given. */
function chosenSteps(argv: readonly string[]): readonly Step[] {
  const unknown = argv.find((text) => !STEPS.some(({ number }) => String(number) === text));
  if (unknown !== undefined) {
    throw new DemoError(
      `lab demo: "${unknown}" is no step; give numbers from 1 to ${STEPS.length}, or nothing for all`,
    );
  }
  return argv.length === 0 ? STEPS : STEPS.filter(({ number }) => argv.includes(String(number)));
}

function plantedFault(text: string | undefined): Step | undefined {
  if (text === undefined || text === "") return undefined;
  const step = STEPS.find(({ number }) => String(number) === text);
  if (step !== undefined) return step;
  throw new DemoError(`DEMO_FAULT: "${text}" is no step of the demo; give a number from 1 to ${STEPS.length}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
