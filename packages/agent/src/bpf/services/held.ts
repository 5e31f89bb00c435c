/** What the kernel holds for a frontend, read from its maps as its programs read them. */
import { decode } from "../layout/codec.ts";
import { ALGORITHM_RING, Group, Image, Member, TICK_SHIFT, UNIT_SIZE } from "../layout/generated.ts";
import type { Endpoint, Frontend } from "./description.ts";
import { addressKey, frontendKey, slotOf } from "./frontend.ts";
import { type ClusterHealth, HEALTHY, readHealth } from "./health-word.ts";
import type { Head, ServiceMaps } from "./service-maps.ts";

/** As often as the programs look again when they meet a change. */
const TRIES = 3;
const HEADER_UNITS = Math.ceil(Image.size / UNIT_SIZE);

export interface HeldGroup {
  readonly tier: number;
  readonly cluster: number;
  readonly weight: number;
  readonly need: number;
  readonly health: ClusterHealth;
  readonly members: readonly Endpoint[];
}

export interface HeldImage {
  readonly uid: number;
  readonly generation: number;
  readonly affinitySeconds: number;
  readonly ring: boolean;
  readonly groups: readonly HeldGroup[];
}

/** `refused`: the address is a Service's, and nobody takes the port. `passed`: it is no Service's. */
export type Held = "refused" | "passed" | HeldImage;

/** `now` is in ticks. Throws `SystemError`; an error when what is there is no image, or changes faster than it is read. */
export function readHeld(maps: ServiceMaps, frontend: Frontend, now: number): Held {
  const key = frontendKey(frontend);
  for (let tried = 0; tried < TRIES; tried++) {
    const value = maps.frontends.lookup(key);
    if (value === undefined) return maps.frontends.lookup(addressKey(frontend)) === undefined ? "passed" : "refused";
    const slot = slotOf(key, value);
    // The element was given to another key between the look-up and its copy.
    if (slot === undefined) continue;
    const head = maps.head(slot);
    if (head === undefined) return "refused";
    const bytes = copyImage(maps, head);
    const after = maps.head(slot);
    if (after === undefined || after.generation !== head.generation) continue;
    if (bytes === undefined) throw new Error(`slot ${slot} leads to no image, at unit ${head.unit} of ${head.segment}`);
    return decodeImage(bytes, (cluster) => healthOf(maps, cluster, now));
  }
  throw new Error("it changes faster than it can be read; ask again");
}

/** A copy: the memory is the kernel's, and may be given to another image after a change of the head. */
function copyImage(maps: ServiceMaps, { segment, unit, generation }: Head): Uint8Array | undefined {
  const header = maps.image({ segment, unit, units: HEADER_UNITS });
  if (header === undefined) return undefined;
  const image = decode(Image, header.slice(0, Image.size));
  if (image.generation !== generation) return undefined;
  return maps.image({ segment, unit, units: image.units })?.slice();
}

function decodeImage(bytes: Uint8Array, health: (cluster: number) => ClusterHealth): HeldImage {
  const view = new DataView(bytes.buffer);
  const { uid, generation, affinityTicks, algorithm, groupCount, memberOffset } = Image.read(view, 0);
  const groups = Array.from({ length: groupCount }, (_, i): HeldGroup => {
    const { first, count, cluster, weight, need, tier } = Group.read(view, Image.size + i * Group.size);
    const members = Array.from({ length: count }, (__, at): Endpoint => {
      const { ip, port } = Member.read(view, (memberOffset + first + at) * Member.size);
      return { ip, port };
    });
    return { tier, cluster, weight, need, health: health(cluster), members };
  });
  const affinitySeconds = Math.floor((affinityTicks * 2 ** TICK_SHIFT) / 1e9);
  return { uid, generation, affinitySeconds, ring: algorithm === ALGORITHM_RING, groups };
}

/** After its deadline what was seen of a cluster counts for nothing; its owner's word does. */
function healthOf({ health }: ServiceMaps, cluster: number, now: number): ClusterHealth {
  const word = readHealth(Atomics.load(health, cluster));
  const expired = word.deadline !== 0 && now > word.deadline;
  return expired ? { ...word, share: HEALTHY.share } : word;
}
