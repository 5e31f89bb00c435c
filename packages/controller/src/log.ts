import pino, { type Logger } from "pino";

/** JSON lines on standard error; readable ones on a terminal, where `pino-pretty` is installed. */
export function createLogger(level: string): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (!process.stderr.isTTY) return pino(options, pino.destination({ dest: 2, sync: false }));
  try {
    return pino({
      ...options,
      transport: { target: "pino-pretty", options: { destination: 2, ignore: "pid,hostname" } },
    });
  } catch {
    // A bundle carries no pretty printer.
    return pino(options, pino.destination({ dest: 2, sync: false }));
  }
}

export type { Logger };
