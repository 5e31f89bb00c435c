import type { CommandContext, StricliProcess } from "@stricli/core";
import type { Paint } from "./render/paint.ts";

/** What a command may use of the world around it. */
export interface CliContext extends CommandContext {
  readonly process: StricliProcess;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard output. */
  readonly screen: Screen;
  /** Standard error is a terminal: progress may be shown and overwritten there. */
  readonly showsProgress: boolean;
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms`, or rejects when `signal` is aborted. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
  /** Aborted by Ctrl-C or SIGTERM from now on; a second one ends the process. */
  interruption(): AbortSignal;
  /** How to start the controller's program, where it is at hand. */
  readonly controllerProgram: readonly string[] | undefined;
}

export interface Screen {
  readonly terminal: boolean;
  /** Columns; 80 where the output is no terminal. */
  readonly width: number;
  /** Rows; endless where the output is no terminal. */
  readonly height: number;
  readonly paint: Paint;
}
