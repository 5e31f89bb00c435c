/** One thing that a doctor looked at. */
export interface Check {
  /** `machine`, `configuration`, `certificates`, `cluster paris`, `ports`, `controllers`; `kernel` and others of a node. */
  readonly area: string;
  /**
   * `warning`: works now, and will not for ever or not everywhere; `unknown`: could not be looked at; `problem`:
   * something does not work.
   */
  readonly level: "ok" | "warning" | "unknown" | "problem";
  /** What was found, in one sentence. */
  readonly says: string;
  /** What does not work because of it, where `says` does not say so itself. */
  readonly why?: string;
  /** What mends it; always there where `level` is not `ok`. */
  readonly fix?: string;
}

export function ok(area: string, says: string): Check {
  return { area, level: "ok", says };
}

export function warning(area: string, says: string, fix: string): Check {
  return { area, level: "warning", says, fix };
}

export function problem(area: string, says: string, fix: string): Check {
  return { area, level: "problem", says, fix };
}
