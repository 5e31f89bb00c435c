import { AFFINITIES, type Sharing } from "../model/index.ts";
import { type Fields, shown } from "./fields.ts";

/** Our name of an annotation, then Cilium's, then Cilium's of before 1.12; the first that is there counts. */
const GLOBAL = ["carrick.dev/global", "service.cilium.io/global", "io.cilium/global-service"];
const SHARED = ["carrick.dev/shared", "service.cilium.io/shared", "io.cilium/shared-service"];
const AFFINITY = ["carrick.dev/affinity", "service.cilium.io/affinity", "io.cilium/service-affinity"];

/**
 * Whether a Service is one over all clusters that have it, by its annotations. As Cilium means them: only a global
 * Service can be shared or prefer a side, it is shared unless it says otherwise, and case does not count. Where Cilium
 * passes a wrong value over, it is noted here.
 */
export function readSharing(annotations: Readonly<Record<string, unknown>>, fields: Fields): Sharing | undefined {
  const read = (names: readonly string[], values: readonly string[]): string | undefined => {
    const name = names.find((candidate) => annotations[candidate] !== undefined);
    if (name === undefined) return undefined;
    const at = `metadata.annotations[${name}]`;
    const text = fields.text(annotations[name], at).toLowerCase();
    const value = values.find((candidate) => candidate === text);
    if (value === undefined) fields.note("InvalidValue", at, `${shown(text)} is none of ${values.join(", ")}.`);
    return value;
  };
  const global = read(GLOBAL, ["true", "false"]);
  const shared = read(SHARED, ["true", "false"]);
  const affinity = read(AFFINITY, AFFINITIES);
  if (global !== "true") return undefined;
  return {
    shared: shared !== "false",
    affinity: AFFINITIES.find((candidate) => candidate === affinity) ?? "none",
  };
}
