import { SystemError } from "./system-error.ts";

/** What the call gives, or `undefined` when the kernel answers with this code; every other error is thrown. */
export function unlessCode<T>(code: string, call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (error instanceof SystemError && error.code === code) return undefined;
    throw error;
  }
}
