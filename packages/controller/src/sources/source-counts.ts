import type { ReflectorCounts } from "@carrick/kube";
import type { SourceCounts } from "./source.ts";

export const NO_COUNTS: SourceCounts = { lists: 0, failures: 0, malformed: 0 };

export function countsOf({ lists, failures, malformedLines, malformedObjects }: ReflectorCounts): SourceCounts {
  return { lists, failures, malformed: malformedLines + malformedObjects };
}

export function sumOfCounts(a: SourceCounts, b: SourceCounts): SourceCounts {
  return { lists: a.lists + b.lists, failures: a.failures + b.failures, malformed: a.malformed + b.malformed };
}
