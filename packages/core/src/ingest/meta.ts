import type { ClusterName, ObjectRow } from "../model/index.ts";
import type { Fields, KubeObject } from "./fields.ts";

/** What every object's metadata says, read once. */
export interface Meta {
  readonly row: ObjectRow;
  readonly labels: Readonly<Record<string, unknown>>;
  readonly annotations: Readonly<Record<string, unknown>>;
  /** Milliseconds since 1970; 0 where it is missing. */
  readonly created: number;
}

export function readMeta(cluster: ClusterName, object: KubeObject, fields: Fields): Meta {
  const meta = fields.object(object["metadata"], "metadata");
  return {
    row: {
      cluster,
      namespace: fields.name(meta["namespace"], "metadata.namespace"),
      name: fields.name(meta["name"], "metadata.name"),
      resourceVersion: fields.ownText(meta["resourceVersion"], "metadata.resourceVersion"),
    },
    labels: fields.object(meta["labels"], "metadata.labels"),
    annotations: fields.object(meta["annotations"], "metadata.annotations"),
    created: readTime(meta["creationTimestamp"]),
  };
}

const TIME = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,3})\d*)?Z$/;

/** RFC 3339 in UTC, as Kubernetes writes it, to milliseconds since 1970. (`Date` is not available to pure code.) */
export function readTime(value: unknown): number {
  const parts = typeof value === "string" ? TIME.exec(value) : null;
  if (parts === null) return 0;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  // Days from civil, by eras of 400 years that begin in March.
  const y = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const days = y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719468;
  return ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + Number((parts[7] ?? "0").padEnd(3, "0"));
}
