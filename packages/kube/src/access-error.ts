/**
 * Why credentials cannot be used:
 * `missing` (a file is not there), `unreadable`, `malformed` (not what it should be), `unknown-context`,
 * `unsupported`, `expired` (the client certificate), `plugin` (an exec plugin or auth provider failed).
 */
export type AccessErrorKind =
  | "missing"
  | "unreadable"
  | "malformed"
  | "unknown-context"
  | "unsupported"
  | "expired"
  | "plugin";

/** Credentials that cannot be used. The message is one sentence with the path, the reason and the fix. */
export class AccessError extends Error {
  override readonly name = "AccessError";
  readonly kind: AccessErrorKind;

  constructor(kind: AccessErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
