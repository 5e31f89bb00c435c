import { isIP } from "node:net";
import { addressBytes, type Frontend, type Protocol } from "../bpf/index.ts";

/** `TCP/10.96.0.1/80`; nothing for what is none. */
export function parseFrontend(text: string): Frontend | undefined {
  const [, protocol, address = "", port] = /^(TCP|UDP)\/([0-9a-f.:]{2,45})\/(\d{1,5})$/.exec(text) ?? [];
  const number = Number(port);
  if (isIP(address) === 0 || number < 1 || number > 65_535) return undefined;
  return {
    ip: addressBytes(address),
    port: number,
    protocol: protocol as Protocol,
    scope: "internal",
    exclusive: true,
  };
}
