/** What the exit code of `carrick` means; docs/cli.md lists them. */
export const EXIT = {
  done: 0,
  /** The command ran and found something wrong, or what it waits for did not come in time. */
  wrong: 1,
  /** The command line, a file or the credentials cannot be used. */
  usage: 2,
  /** `explain`: the edge answers by itself. `drain`: no other cluster would be left. */
  refused: 3,
  /** `explain`: a cluster has not been seen yet. */
  unknown: 4,
  /** No controller, or no API server, answers. */
  unanswered: 5,
  /** A defect of Carrick. */
  defect: 70,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

/** An expected failure: one sentence with path, reason and fix. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exit: number;

  constructor(exit: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exit = exit;
  }
}

export function usageError(message: string, cause?: unknown): CommandError {
  return new CommandError(EXIT.usage, message, cause === undefined ? undefined : { cause });
}

/** The reason inside whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
