/** What is said of a cluster's health, in one word that one store replaces. */
import { HEALTH_DEADLINE_SHIFT, HEALTH_DRAIN_SHIFT, HEALTH_SEQUENCE_SHIFT, HEALTH_WHOLE } from "../layout/generated.ts";

export interface ClusterHealth {
  /** Of the cluster's weight that counts for new flows, as this node sees it: 0 to 1. */
  readonly share: number;
  /** Of the cluster's weight that its owner leaves it: 1 is all, 0 is drained. */
  readonly drain: number;
  /** In ticks: after it the share counts for nothing. 0: never. */
  readonly deadline: number;
}

/** What is said of a cluster of which nothing is known. */
export const HEALTHY: ClusterHealth = { share: 1, drain: 1, deadline: 0 };

/** `sequence` is from 1 to 65535: a word is never 0, which is a map that nobody has filled. */
export function healthWord({ share, drain, deadline }: ClusterHealth, sequence: number): bigint {
  return (
    BigInt(part(share)) |
    (BigInt(part(drain)) << BigInt(HEALTH_DRAIN_SHIFT)) |
    (BigInt(sequence) << BigInt(HEALTH_SEQUENCE_SHIFT)) |
    (BigInt(deadline) << BigInt(HEALTH_DEADLINE_SHIFT))
  );
}

/** What a word says. 0, which nobody has written, is a cluster of which nothing is known. */
export function readHealth(word: bigint): ClusterHealth {
  if (word === 0n) return HEALTHY;
  return {
    share: ofPart(Number(word & 0xffn)),
    drain: ofPart(Number((word >> BigInt(HEALTH_DRAIN_SHIFT)) & 0xffn)),
    deadline: Number(word >> BigInt(HEALTH_DEADLINE_SHIFT)),
  };
}

export function sequenceOf(word: bigint): number {
  return Number((word >> BigInt(HEALTH_SEQUENCE_SHIFT)) & 0xffffn);
}

export function nextSequence(sequence: number): number {
  return (sequence % 0xffff) + 1;
}

/** x/256, and 255 is all. What is more than nothing is at least 1/256, what is less than all at most 254/256. */
function part(of: number): number {
  if (!(of >= 0 && of <= 1)) throw new RangeError(`a share of ${of} is not between 0 and 1`);
  if (of === 0 || of === 1) return of * HEALTH_WHOLE;
  return Math.min(Math.max(Math.round(of * 256), 1), HEALTH_WHOLE - 1);
}

function ofPart(part: number): number {
  return part === HEALTH_WHOLE ? 1 : part / 256;
}
