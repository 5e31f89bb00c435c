/** What the commands of the lab's network have in common: their options, their errors, their exit codes. */
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { AddressError, LinkNameError, NamespaceError, NftError, SysctlError } from "@carrick/agent/net";
import { SystemError } from "@carrick/agent/sys";
import { ConfigError } from "@carrick/core/config";
import { ProcessError } from "../../process/index.ts";
import { RunLockedError } from "../apply/lock.ts";
import { RunStateError } from "../apply/run-state.ts";
import { FaultError } from "../fault/fault.ts";
import { CgroupError } from "../machine/cgroups.ts";
import { checkRunId, PlaceError, RunIdError } from "../plan/place.ts";

/** The words of a command make no sense. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The run when none is named. */
const DEFAULT_RUN = "lab";

export interface Invocation {
  readonly run: string;
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly words: readonly string[];
}

export interface Command {
  readonly name: string;
  readonly help: string;
  readonly options: Readonly<Record<string, "string" | "boolean">>;
  /** Resolves with the exit code. */
  readonly run: (invocation: Invocation) => Promise<number>;
}

const EXPECTED = [
  AddressError,
  CgroupError,
  ConfigError,
  FaultError,
  LinkNameError,
  NamespaceError,
  NftError,
  PlaceError,
  ProcessError,
  RunIdError,
  RunLockedError,
  RunStateError,
  SysctlError,
  SystemError,
];

/** A command as a program of the lab. Exit codes: its own, 1 when it failed, 2 when it makes no sense. */
export function asProgram(command: Command): (argv: readonly string[]) => Promise<number> {
  return async (argv) => {
    const own = argv.slice(0, argv.includes("--") ? argv.indexOf("--") : argv.length);
    if (own.includes("--help") || own.includes("-h")) {
      console.log(command.help);
      return 0;
    }
    try {
      const invocation = parse(command, argv);
      // Everything that is made here belongs to the kernel's network.
      if (process.getuid?.() !== 0) throw new UsageError("needs root; run it with sudo");
      return await command.run(invocation);
    } catch (error) {
      if (error instanceof UsageError) {
        console.error(`lab ${command.name}: ${error.message}; lab ${command.name} --help says more`);
        return 2;
      }
      if (!EXPECTED.some((kind) => error instanceof kind)) throw error;
      console.error(`lab ${command.name}: ${(error as Error).message}`);
      return 1;
    }
  };
}

function parse(command: Command, argv: readonly string[]): Invocation {
  const options: ParseArgsOptionsConfig = { run: { type: "string" } };
  for (const [name, type] of Object.entries(command.options)) options[name] = { type };
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
    const { run = DEFAULT_RUN, ...rest } = values as Record<string, string | boolean | undefined>;
    return { run: checkRunId(String(run)), values: rest, words: positionals };
  } catch (error) {
    if (error instanceof RunIdError || error instanceof TypeError) throw new UsageError(error.message.split(". ")[0]);
    throw error;
  }
}

/** The value of an option that is a text. */
export function textOf({ values }: Invocation, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}

/** `20%` or `20`. Throws `UsageError`. */
export function percentOf(text: string): number {
  const [, digits] = /^(\d{1,3})%?$/.exec(text) ?? [];
  if (digits === undefined) throw new UsageError(`--loss ${text} is no share of packets; write one like 20%`);
  return Number(digits);
}

/** `40ms` or `40`. Throws `UsageError`. */
export function millisecondsOf(text: string): number {
  const [, digits] = /^(\d{1,6})(?:ms)?$/.exec(text) ?? [];
  if (digits === undefined) throw new UsageError(`--delay ${text} is no time; write one like 40ms`);
  return Number(digits);
}
