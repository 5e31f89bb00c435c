/** Why a server or a client could not start. */
export type XdsErrorCode = "address" | "certificate" | "key" | "authority";

/** An expected failure: one sentence with path, reason and fix. */
export class XdsError extends Error {
  override readonly name = "XdsError";
  readonly code: XdsErrorCode;

  constructor(code: XdsErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
