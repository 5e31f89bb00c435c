/** JSON merge patch, RFC 7396. */
import { isJsonObject } from "./kube-object.ts";

/** The result of `patch` upon `target`; neither is changed. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  // A Map and fromEntries, because assigning a key named __proto__ would set the prototype.
  const merged = new Map(Object.entries(isJsonObject(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}
