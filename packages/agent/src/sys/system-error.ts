/** What the kernel says no to. */
import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";

/** Of a number with two names the first counts: EAGAIN, not EWOULDBLOCK. */
const NAMES = new Map(
  Object.entries(constants.errno)
    .map(([name, number]) => [number, name] as const)
    .reverse(),
);

export class SystemError extends Error {
  override readonly name = "SystemError";
  /** `EEXIST`; `E999` for a number without a name. */
  readonly code: string;
  readonly errno: number;

  /** `what`: what was tried, with the object's name: `load sock.bpf.o`. */
  constructor(what: string, errno: number, detail?: string) {
    const number = Math.abs(errno);
    const code = NAMES.get(number) ?? `E${number}`;
    const reason = detail ?? getSystemErrorMap().get(-number)?.[1];
    super(`${what}: ${reason === undefined ? code : `${reason} (${code})`}`);
    this.errno = number;
    this.code = code;
  }
}
