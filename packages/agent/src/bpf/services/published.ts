/** What lies in the maps, as this process has written or found it. Changed right after each write. */
import { FrontendKey, SCOPE_INTERNAL } from "../layout/generated.ts";
import { type BackendRows, NO_ROWS } from "./backend-rows.ts";
import type { Extent } from "./free-space.ts";
import { addressKey, keyText } from "./frontend.ts";

/** A service's place in the map. Found without an image, it is only kept from being given to another. */
export interface Slot {
  readonly slot: number;
  readonly uid: number;
  /** `undefined` until the first image is published. */
  image: { readonly extent: Extent; readonly generation: number } | undefined;
  /** Key of the service; `undefined` when none has claimed the slot since this process started, or it was removed. */
  service: string | undefined;
  /** How many frontends lead here. */
  frontends: number;
}

export interface PublishedFrontend {
  readonly key: Uint8Array;
  /** `undefined`: its value leads nowhere. */
  readonly slot: number | undefined;
  /** `undefined` when it was found and nobody has asked for it yet. */
  readonly exclusive: boolean | undefined;
}

export class Published {
  readonly slots = new Map<number, Slot>();
  /** By the text of the key. */
  readonly frontends = new Map<string, PublishedFrontend>();
  /** Entries by which addresses are known to be a service's, by the text of the key. */
  readonly addresses = new Map<string, Uint8Array>();
  readonly #byService = new Map<string, Slot>();
  readonly #rows = new Map<number, BackendRows>();
  readonly #atAddress = new Map<string, Set<string>>();
  readonly #slotLimit: number;
  #freeSlots: number[] = [];
  #nextSlot = 1;

  constructor(slotLimit: number) {
    this.#slotLimit = slotLimit;
  }

  /** Starts from slots that were found. */
  adopt(slots: Iterable<Slot>): void {
    for (const slot of slots) this.slots.set(slot.slot, slot);
    let last = 0;
    for (const slot of this.slots.keys()) last = Math.max(last, slot);
    this.#nextSlot = last + 1;
    for (let slot = last; slot > 0; slot--) if (!this.slots.has(slot)) this.#freeSlots.push(slot);
  }

  slotOf(service: string): Slot | undefined {
    return this.#byService.get(service);
  }

  claim(slot: Slot, service: string): Slot {
    slot.service = service;
    this.#byService.set(service, slot);
    return slot;
  }

  disown(slot: Slot): void {
    if (slot.service !== undefined) this.#byService.delete(slot.service);
    slot.service = undefined;
  }

  /** A slot that nothing leads to; `undefined` when all are taken. */
  takeSlot(uid: number): Slot | undefined {
    const number = this.#freeSlots.pop() ?? (this.#nextSlot < this.#slotLimit ? this.#nextSlot++ : undefined);
    if (number === undefined) return undefined;
    const slot: Slot = { slot: number, uid, image: undefined, service: undefined, frontends: 0 };
    this.slots.set(number, slot);
    return slot;
  }

  /** Nothing may lead there: its last reader has ended. */
  freeSlot(slot: number): void {
    this.#freeSlots.push(slot);
  }

  setFrontend(text: string, frontend: PublishedFrontend): void {
    this.#count(this.frontends.get(text)?.slot, -1);
    this.#count(frontend.slot, 1);
    this.frontends.set(text, frontend);
    const address = addressOf(frontend.key);
    this.#atAddress.set(address, (this.#atAddress.get(address) ?? new Set()).add(text));
  }

  removeFrontend(text: string): void {
    const frontend = this.frontends.get(text);
    if (frontend === undefined) return;
    this.#count(frontend.slot, -1);
    this.frontends.delete(text);
    const address = addressOf(frontend.key);
    const others = this.#atAddress.get(address);
    others?.delete(text);
    if (others?.size === 0) this.#atAddress.delete(address);
  }

  /** Frontends that have this address, by the text of the address' own entry. */
  *frontendsAt(address: string): Generator<PublishedFrontend> {
    for (const text of this.#atAddress.get(address) ?? []) yield this.frontends.get(text)!;
  }

  rows(uid: number): BackendRows {
    return this.#rows.get(uid) ?? NO_ROWS;
  }

  setRows(uid: number, rows: BackendRows): void {
    if (rows.size === 0) this.#rows.delete(uid);
    else this.#rows.set(uid, rows);
  }

  /** Of services that have rows. */
  uidsWithRows(): Iterable<number> {
    return this.#rows.keys();
  }

  #count(slot: number | undefined, by: number): void {
    const entry = slot === undefined ? undefined : this.slots.get(slot);
    if (entry !== undefined) entry.frontends += by;
  }
}

/** The text of the key by which the frontend's address is known. */
export function addressOf(key: Uint8Array): string {
  const { ip, scope } = FrontendKey.read(new DataView(key.buffer, key.byteOffset, key.byteLength), 0);
  return keyText(addressKey({ ip, scope: scope === SCOPE_INTERNAL ? "internal" : "external" }));
}
