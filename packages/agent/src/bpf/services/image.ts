/**
 * The image of a service: everything that a pick reads, in one piece of memory that is never changed. What the programs
 * rely on without looking (limits, no empty group, weights that fit) is made sure of here.
 */
import { type Codec } from "../layout/codec.ts";
import {
  ALGORITHM_RANDOM,
  ALGORITHM_RING,
  Group,
  Image,
  IMAGE_HASH_CLIENT,
  IMAGE_PIN_UDP,
  MAX_CLUSTERS,
  MAX_GROUPS,
  MAX_WEIGHTED_MEMBERS,
  Member,
  SEGMENT_UNITS,
  TICK_SHIFT,
  UNIT_SIZE,
} from "../layout/generated.ts";
import { endpointText } from "../layout/address.ts";
import type { GroupDescription, Member as MemberDescription, ServiceDescription } from "./description.ts";
import { maglev } from "./maglev.ts";
import { scaledWeights } from "./weights.ts";

const MAX_U16 = 0xffff;
const MAX_TIER = 0xff;
const MAX_AFFINITY_SECONDS = 86_400;

/** A description that no image can say: what is wrong with it, in words that follow the service's name. */
export class ImageError extends Error {
  override readonly name = "ImageError";
}

/** Where the parts of an image begin, in bytes. */
interface Places {
  readonly groups: readonly GroupDescription[];
  readonly members: number;
  readonly rings: readonly number[];
  readonly size: number;
}

/** Whole units. Throws `ImageError`. */
export function encodeImage(service: ServiceDescription, uid: number, generation: number): Uint8Array {
  checkService(service);
  const { groups, members, rings, size } = place(service);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const write = <T>(codec: Codec<T>, at: number, value: T): void => codec.write(view, at, value);
  write(Image, 0, {
    uid,
    generation,
    affinityTicks: Math.ceil((service.affinitySeconds * 1e9) / 2 ** TICK_SHIFT),
    memberCount: groups.reduce((sum, group) => sum + group.members.length, 0),
    groupCount: groups.length,
    memberOffset: members / Member.size,
    units: size / UNIT_SIZE,
    l7Port: 0,
    ringSize: service.ringSize,
    algorithm: service.ringSize > 0 ? ALGORITHM_RING : ALGORITHM_RANDOM,
    flags: (service.pinUdp ? IMAGE_PIN_UDP : 0) | (service.hashClient ? IMAGE_HASH_CLIENT : 0),
  });
  let first = 0;
  for (const [index, group] of groups.entries()) {
    const weights = scaledWeights(group.members.map(({ weight }) => weight));
    let cumulative = 0;
    for (const [position, { ip, port, node }] of group.members.entries()) {
      cumulative += weights?.[position] ?? 0;
      const at = members + (first + position) * Member.size;
      write(Member, at, { ip, port, cluster: group.cluster, cumulative, state: 1, flags: 0, node, generation });
    }
    const { tier, cluster, weight, need } = group;
    const ringOffset = (rings[index] ?? 0) / UNIT_SIZE;
    const count = group.members.length;
    const at = Image.size + index * Group.size;
    write(Group, at, { first, count, cluster, weight, need, weightSum: cumulative, ringOffset, tier, index });
    if (rings[index] !== undefined) {
      const ring = maglev(group.members.map(ringName), service.ringSize);
      for (const [entry, member] of ring.entries()) view.setUint16(rings[index] + entry * 2, first + member, true);
    }
    first += count;
  }
  return bytes;
}

/** Gives an encoded image another generation. */
export function restamp(bytes: Uint8Array, generation: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { memberCount, memberOffset } = Image.read(view, 0);
  view.setUint32(Image.offset.generation, generation, true);
  for (let member = 0; member < memberCount; member++)
    view.setUint32((memberOffset + member) * Member.size + Member.offset.generation, generation, true);
}

/** A member's name on the ring is its address and port: the same on all nodes. */
function ringName({ ip, port }: MemberDescription): Uint8Array {
  return Uint8Array.of(...ip, port >> 8, port & 0xff);
}

/** Throws `ImageError` on an image that is larger than memory in one piece can be. */
function place(service: ServiceDescription): Places {
  const groups = usableGroups(service.groups);
  const members = alignUp(Image.size + groups.length * Group.size, Member.size);
  let end = members + groups.reduce((sum, group) => sum + group.members.length, 0) * Member.size;
  const rings: number[] = [];
  if (service.ringSize > 0)
    for (const _ of groups) {
      const at = alignUp(end, UNIT_SIZE);
      rings.push(at);
      end = at + service.ringSize * 2;
    }
  const size = alignUp(end, UNIT_SIZE);
  // Unit 0 of the first segment is never used.
  const most = (SEGMENT_UNITS - 1) * UNIT_SIZE;
  if (size > most)
    throw new ImageError(`needs ${size} bytes, but at most ${most} fit; split it, or make its ring smaller`);
  return { groups, members, rings, size };
}

/** In order of tiers, without what gets no new flow: a group or a member that weighs nothing. */
function usableGroups(groups: readonly GroupDescription[]): GroupDescription[] {
  return groups
    .map((group) => ({ ...group, members: group.members.filter(({ weight }) => weight > 0) }))
    .filter(({ weight, members }) => weight > 0 && members.length > 0)
    .toSorted((a, b) => a.tier - b.tier);
}

function checkService(service: ServiceDescription): void {
  const { affinitySeconds, ringSize, groups } = service;
  if (groups.length > MAX_GROUPS)
    throw new ImageError(
      `has ${groups.length} groups, at most ${MAX_GROUPS} are possible; merge clusters that are alike`,
    );
  if (!isInteger(affinitySeconds, 0, MAX_AFFINITY_SECONDS))
    throw new ImageError(`has an affinity of ${affinitySeconds} s, which is not from 0 to ${MAX_AFFINITY_SECONDS}`);
  if (ringSize !== 0 && !(isInteger(ringSize, 3, MAX_U16) && isPrime(ringSize)))
    throw new ImageError(`has a ring of ${ringSize}, which is neither 0 nor a prime number from 3 to ${MAX_U16}`);
  const needs = new Map<number, number>();
  for (const [index, group] of groups.entries()) {
    checkGroup(group, `group ${index}`, ringSize);
    const need = needs.get(group.tier) ?? group.need;
    if (need !== group.need)
      throw new ImageError(`has needs ${need} and ${group.need} in tier ${group.tier}; they have to be the same`);
    needs.set(group.tier, need);
  }
}

function checkGroup({ tier, cluster, weight, need, members }: GroupDescription, name: string, ringSize: number): void {
  const fields = [
    ["tier", tier, 0, MAX_TIER],
    ["cluster", cluster, 0, MAX_CLUSTERS - 1],
    ["weight", weight, 0, MAX_U16],
    ["need", need, 1, MAX_U16],
  ] as const;
  for (const [field, value, least, most] of fields)
    if (!isInteger(value, least, most))
      throw new ImageError(`has ${field} ${value} in ${name}, which is not from ${least} to ${most}`);
  for (const { ip, port, weight } of members) {
    if (ip.length !== 16 || !isInteger(port, 1, MAX_U16) || !isInteger(weight, 0, Number.MAX_SAFE_INTEGER / MAX_U16))
      throw new ImageError(
        `has a member ${endpointText(ip, port)} of weight ${weight} in ${name}, which is no endpoint`,
      );
  }
  const isWeighted = members.some((member) => member.weight !== members[0]!.weight);
  if (isWeighted && members.length > MAX_WEIGHTED_MEMBERS)
    throw new ImageError(
      `has ${members.length} weighted members in ${name}, at most ${MAX_WEIGHTED_MEMBERS} are possible`,
    );
  if (members.length > MAX_U16 || (ringSize > 0 && members.length >= ringSize))
    throw new ImageError(`has ${members.length} members in ${name}, more than its ring or 16 bits can name`);
}

function isInteger(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

function isPrime(value: number): boolean {
  for (let divisor = 2; divisor * divisor <= value; divisor++) if (value % divisor === 0) return false;
  return true;
}

function alignUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
