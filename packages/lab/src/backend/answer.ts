/** What a back end of the lab says about a request: who answered, and what it was asked. */

export interface Answer {
  readonly cluster: string;
  readonly pod: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** When the request's headers were there, milliseconds since 1970 with a fraction. */
  readonly receivedAt: number;
}

/** Reads what is needed of an answer, or `undefined` if the text is none: anything may stand at the other end. */
export function readAnswer(text: string): Pick<Answer, "cluster" | "pod" | "receivedAt"> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Not a back end of the lab.
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { cluster, pod, receivedAt } = value as Partial<Record<keyof Answer, unknown>>;
  if (typeof cluster !== "string" || typeof pod !== "string" || typeof receivedAt !== "number") return undefined;
  return { cluster, pod, receivedAt };
}
