import type { ClusterName, ClusterRow } from "../model/index.ts";
import { Fields, type KubeObject, shown } from "./fields.ts";
import { readMeta } from "./meta.ts";

const MAX_WEIGHT = 1000;

/** carrick.dev/v1 Cluster; only the object `self` counts. */
export function ingestCluster(cluster: ClusterName, object: KubeObject): ClusterRow {
  const fields = new Fields();
  const meta = readMeta(cluster, object, fields);
  const spec = fields.object(object["spec"], "spec");
  const drain = spec["drain"] ?? false;
  if (typeof drain !== "boolean")
    fields.note("InvalidValue", "spec.drain", `expected true or false, found ${shown(drain)}.`);
  const weight = spec["weight"] ?? 1;
  const weightIsRight = typeof weight === "number" && Number.isInteger(weight) && weight >= 1 && weight <= MAX_WEIGHT;
  if (!weightIsRight)
    fields.note(
      "InvalidValue",
      "spec.weight",
      `expected a whole number from 1 to ${MAX_WEIGHT}, found ${shown(weight)}.`,
    );
  return {
    ...meta.row,
    drain: drain === true,
    weight: weightIsRight ? weight : 1,
    ...(fields.problems.length > 0 && { problems: fields.problems }),
  };
}
