/** The C library, called synchronously. Only what Node itself does not offer. */
import koffi from "koffi";
import { SystemError } from "./system-error.ts";

const library = koffi.load("libc.so.6");

/** A call with what it is for. Throws `SystemError`. */
export type SystemCall<A extends readonly unknown[]> = (what: string, ...args: A) => number;

/** Declares a function that returns −1 and sets `errno` when it fails. */
export function systemCall(declaration: string): SystemCall<readonly unknown[]> {
  const call = library.func(declaration);
  return (what, ...args) => {
    const result = Number(call(...args));
    if (result < 0) throw new SystemError(what, koffi.errno());
    return result;
  };
}

export const close: SystemCall<[fd: number]> = systemCall("int close(int fd)");
