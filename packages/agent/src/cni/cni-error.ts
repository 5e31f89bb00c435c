/** What a runtime is told when an operation fails (CNI specification 1.1.0, section 5, "Error"). */

/** Codes below 100 are the specification's. */
export const CniCode = {
  incompatibleVersion: 1,
  unsupportedField: 2,
  invalidEnvironment: 4,
  ioFailure: 5,
  decodeFailure: 6,
  invalidConfig: 7,
  /** A state that passes: the runtime tries again. */
  tryLater: 11,
  /** STATUS: ADD cannot be served. */
  notAvailable: 50,
  /** CHECK: the pod's network is not as it was made. */
  notAsMade: 100,
  /** The kernel refused a step, or the agent has a defect. Nothing of an ADD is left. */
  failed: 101,
} as const;

export type CniCode = (typeof CniCode)[keyof typeof CniCode];

export class CniError extends Error {
  override readonly name = "CniError";
  readonly code: CniCode;
  /** A few words that are the same for all errors of this kind. */
  readonly summary: string;

  /** `details`: one sentence with object, reason, fix. */
  constructor(code: CniCode, details: string, options?: ErrorOptions) {
    super(details, options);
    this.code = code;
    this.summary = SUMMARIES[code];
  }
}

const SUMMARIES: Readonly<Record<CniCode, string>> = {
  1: "incompatible CNI version",
  2: "unsupported field in network configuration",
  4: "invalid environment",
  5: "input or output failed",
  6: "undecodable input",
  7: "invalid network configuration",
  11: "try again later",
  50: "not available",
  100: "the pod's network is not as it was made",
  101: "operation failed",
};

/** Longer details are cut: a client takes a bounded answer. */
const MAX_DETAILS = 4096;

/** The error object. What is no `CniError` is a failed step of the operation. */
export function encodeError(error: unknown, cniVersion: string): string {
  const known = error instanceof CniError ? error : new CniError(CniCode.failed, messageOf(error));
  const details = known.message.slice(0, MAX_DETAILS);
  return `${JSON.stringify({ cniVersion, code: known.code, msg: known.summary, details })}\n`;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
