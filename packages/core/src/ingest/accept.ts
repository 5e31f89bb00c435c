import type { Kind, ObjectRow, ProblemCode } from "../model/index.ts";

/**
 * Kinds that say what is wanted: a refused version leaves the last accepted one in force. Of the kinds that say what
 * is there (nodes, pods, endpoints), the part that is right is used: holding on to what was would be wrong.
 */
const HELD: ReadonlySet<Kind> = new Set<Kind>(["Cluster", "Service", "IngressClass", "Ingress", "Secret"]);

/** The row to keep when `next` was read where `previous` is known. */
export function accept<T extends ObjectRow>(kind: Kind, previous: T | undefined, next: T): T {
  if (next.problems === undefined || previous === undefined || !HELD.has(kind)) return next;
  // That a Secret is gone is no version of it (`absentSecret`), and that it was not seen says nothing (`unseenSecret`).
  if (has(next, "UnknownSecret")) return next;
  if (has(next, "UnseenSecret")) return has(previous, "UnseenSecret") ? next : previous;
  const wasAccepted = previous.problems === undefined || previous.heldVersion !== undefined;
  if (!wasAccepted) return next;
  return {
    ...previous,
    resourceVersion: next.resourceVersion,
    heldVersion: previous.heldVersion ?? previous.resourceVersion,
    problems: next.problems,
  };
}

function has({ problems = [] }: ObjectRow, code: ProblemCode): boolean {
  return problems.some((problem) => problem.code === code);
}
