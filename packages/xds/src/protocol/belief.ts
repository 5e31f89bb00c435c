/** What a server believes that a client holds of one resource. */

/** The client may or may not hold some version: after a refusal, or a removal that it may have missed. */
export const MAYBE = "";
/** The client holds a version, but which one is not known. */
export const SOME = "(some)";
/** The client was told that there is no such resource. */
export const ABSENT = null;
/** A version, `SOME`, `MAYBE`, `ABSENT`, or nothing at all. */
export type Belief = string | null | undefined;

/** Whether the client holds a version of the resource for certain. */
export function isHeld(belief: Belief): belief is string {
  return typeof belief === "string" && belief !== MAYBE;
}

/** Whether a removal could take something from the client. */
export function mayBeHeld(belief: Belief): belief is string {
  return typeof belief === "string";
}
