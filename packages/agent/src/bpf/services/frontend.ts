/** Keys and values of the map `frontends`. */
import { encode } from "../layout/codec.ts";
import { FrontendKey, SCOPE_EXTERNAL, SCOPE_INTERNAL, SLOT_BITS } from "../layout/generated.ts";
import type { Frontend } from "./description.ts";

const PROTOCOL_NUMBER = { TCP: 6, UDP: 17 } as const;
/** Slots that the value of a frontend can name; slot 0 is no service's. */
export const MAX_SLOTS = 1 << SLOT_BITS;
const SLOT_MASK = BigInt(MAX_SLOTS - 1);

export function frontendKey({ ip, port, protocol, scope }: Frontend): Uint8Array {
  return encode(FrontendKey, { ip, port, protocol: PROTOCOL_NUMBER[protocol], scope: scopeNumber(scope) });
}

/** The entry by which an address is known to be a service's, whatever the port. */
export function addressKey({ ip, scope }: Pick<Frontend, "ip" | "scope">): Uint8Array {
  return encode(FrontendKey, { ip, port: 0, protocol: 0, scope: scopeNumber(scope) });
}

function scopeNumber(scope: Frontend["scope"]): number {
  return scope === "internal" ? SCOPE_INTERNAL : SCOPE_EXTERNAL;
}

/** Keys as they are held in maps of this process. */
export function keyText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("hex");
}

/** `frontend_hash` of frontend.h. */
export function frontendHash(key: Uint8Array, slot: number): bigint {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  const low = view.getBigUint64(0, true);
  const high = view.getBigUint64(8, true);
  const rest = (BigInt(slot) << 32n) | BigInt(view.getUint32(16, true));
  let hash = multiply(low ^ 0x9e3779b97f4a7c15n, 0xbf58476d1ce4e5b9n);
  hash ^= hash >> 29n;
  hash = multiply(hash ^ high, 0x94d049bb133111ebn);
  hash ^= hash >> 31n;
  hash = multiply(hash ^ rest, 0xbf58476d1ce4e5b9n);
  return hash ^ (hash >> 32n);
}

function multiply(a: bigint, b: bigint): bigint {
  return BigInt.asUintN(64, a * b);
}

/** The value: the slot, and a tag that only this key with this slot has. */
export function frontendWord(key: Uint8Array, slot: number): Uint8Array {
  if (slot < 0 || slot >= MAX_SLOTS) throw new RangeError(`slot ${slot} is not below ${MAX_SLOTS}`);
  const word = (frontendHash(key, slot) & ~SLOT_MASK) | BigInt(slot);
  return new Uint8Array(BigUint64Array.of(word).buffer);
}

/** The slot that a value names, or `undefined` when the tag is not this key's. */
export function slotOf(key: Uint8Array, value: Uint8Array): number | undefined {
  const word = new DataView(value.buffer, value.byteOffset, value.byteLength).getBigUint64(0, true);
  const slot = Number(word & SLOT_MASK);
  return frontendHash(key, slot) >> BigInt(SLOT_BITS) === word >> BigInt(SLOT_BITS) ? slot : undefined;
}
