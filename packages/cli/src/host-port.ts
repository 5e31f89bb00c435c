import { usageError } from "./exit-code.ts";

export interface HostPort {
  readonly address: string;
  readonly port: number;
}

/** Takes `host:port` apart, also `[::1]:18000`. Throws a `CommandError` that names the flag. */
export function parseHostPort(text: string, flag: string): HostPort {
  const parts = /^(?:\[([0-9a-f:.]+)\]|([^[\]:\s/@]+)):(\d{1,5})$/i.exec(text);
  const address = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  if (address === undefined || port < 1 || port > 65_535) {
    throw usageError(`${flag}: "${text}" is no address with a port; write it as in 10.0.0.1:18000 or [fd00::1]:18000`);
  }
  return { address, port };
}
