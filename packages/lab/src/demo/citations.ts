import type { Citation } from "@carrick/core/report";

/** Each object once. */
export function distinct(citations: readonly Citation[]): readonly Citation[] {
  const key = ({ cluster, kind, namespace, name }: Citation): string => [cluster, kind, namespace, name].join("/");
  return [...new Map(citations.map((citation) => [key(citation), citation])).values()];
}
