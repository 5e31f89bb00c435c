/** What a writer that starts finds in the maps: the work of the one before, which may have ended between any two writes. */
import { decode } from "../layout/codec.ts";
import { Backend, BackendKey, FrontendKey, Image, UNIT_SIZE } from "../layout/generated.ts";
import type { BackendRow } from "./backend-rows.ts";
import { type Extent, FreeSpace } from "./free-space.ts";
import { keyText, slotOf } from "./frontend.ts";
import { Published, type Slot } from "./published.ts";
import type { ServiceMaps } from "./service-maps.ts";

const HEADER_UNITS = Math.ceil(Image.size / UNIT_SIZE);

export interface Found {
  readonly published: Published;
  readonly space: FreeSpace;
}

/**
 * Free is what no head leads to. It may be read still by programs that saw an older head, so the caller waits for one
 * grace period before it uses it. Throws when images overlap.
 */
export function adopt(maps: ServiceMaps): Found {
  const published = new Published(maps.slotLimit);
  const frontends = [...maps.frontends.entries()].map(([key, value]) => ({ key, slot: slotOf(key, value) }));
  // A slot to which a frontend leads is taken, whether or not there is an image.
  const taken = new Set(frontends.flatMap(({ key, slot }) => (slot === undefined || isAddress(key) ? [] : [slot])));
  for (let slot = 1; slot < maps.slotLimit; slot++) if (maps.head(slot) !== undefined) taken.add(slot);
  published.adopt(Array.from(taken, (slot) => readSlot(maps, slot)));
  const extents = [...published.slots.values()].flatMap(({ image }) => image?.extent ?? []);
  const space = FreeSpace.around(maps.segments, extents);
  for (const { key, slot } of frontends) {
    const text = keyText(key);
    if (isAddress(key)) published.addresses.set(text, key);
    else published.setFrontend(text, { key, slot, exclusive: undefined });
  }
  readRows(maps, published);
  return { published, space };
}

function isAddress(key: Uint8Array): boolean {
  const { port, protocol } = decode(FrontendKey, key);
  return port === 0 && protocol === 0;
}

/** Without an image when the head leads to none that is whole: nothing of it can be kept. */
function readSlot(maps: ServiceMaps, slot: number): Slot {
  const nothing: Slot = { slot, uid: 0, image: undefined, service: undefined, frontends: 0 };
  const head = maps.head(slot);
  if (head === undefined) return nothing;
  const { segment, unit, generation } = head;
  const header = maps.image({ segment, unit, units: HEADER_UNITS });
  if (header === undefined) return nothing;
  const image = decode(Image, header.subarray(0, Image.size));
  const extent: Extent = { segment, unit, units: image.units };
  if (image.generation !== generation || maps.image(extent) === undefined) return nothing;
  return { ...nothing, uid: image.uid, image: { extent, generation } };
}

function readRows(maps: ServiceMaps, published: Published): void {
  const byUid = new Map<number, Map<string, BackendRow>>();
  for (const [key, value] of maps.backends.entries()) {
    const { uid } = decode(BackendKey, key);
    const { state, cluster } = decode(Backend, value);
    const rows = byUid.get(uid) ?? new Map<string, BackendRow>();
    byUid.set(uid, rows.set(keyText(key), { key, state, cluster }));
  }
  for (const [uid, rows] of byUid) published.setRows(uid, rows);
}
