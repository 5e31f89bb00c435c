/** Entries of the map `frontends`: removals first, which make room for those that come. */
import type { BpfMap } from "../kernel/bpf-map.ts";
import { addressText } from "../layout/address.ts";
import { decode } from "../layout/codec.ts";
import { FrontendKey } from "../layout/generated.ts";
import { type Condition, fullMap } from "./conditions.ts";
import { type Frontend, frontendText } from "./description.ts";
import { frontendWord, keyText } from "./frontend.ts";
import type { Published, PublishedFrontend } from "./published.ts";

export interface FrontendWork {
  readonly text: string;
  readonly key: Uint8Array | undefined;
  readonly was: PublishedFrontend | undefined;
  /** Where it has to lead. */
  readonly wanted: { readonly frontend: Frontend; readonly slot: number } | undefined;
}

export interface FrontendResult {
  /** Whether there is more room than before. */
  readonly freed: boolean;
  /** Texts of those that did not fit. */
  readonly refused: readonly string[];
}

/** Throws `SystemError`. */
export function publishFrontends(
  map: BpfMap,
  published: Published,
  all: readonly FrontendWork[],
  conditions: Map<string, Condition>,
): FrontendResult {
  for (const { text } of all) conditions.delete(text);
  const gone = all.filter(({ was, wanted }) => was !== undefined && wanted === undefined);
  map.deleteAll(gone.map(({ was }) => was!.key));
  for (const { text } of gone) published.removeFrontend(text);

  const kept = all.flatMap(({ text, key, was, wanted }) =>
    key === undefined || wanted === undefined ? [] : [{ text, key, was, ...wanted }],
  );
  const changed = kept.filter(({ was, slot }) => was?.slot !== slot);
  const positions = map.updateAll(changed.map(({ key, slot }) => [key, frontendWord(key, slot)]));
  const refused = new Set(positions.map((position) => changed[position]!.text));
  for (const { text, key, frontend, slot } of kept) {
    if (refused.has(text)) conditions.set(text, fullMap(frontendText(frontend), map));
    else published.setFrontend(text, { key, slot, exclusive: frontend.exclusive });
  }
  return { freed: gone.length > 0, refused: [...refused] };
}

/**
 * Entries by which an address is a service's alone. One stays while a frontend that was found may need it: `complete`
 * says that there is none. Gives back those that did not fit. Throws `SystemError`.
 */
export function publishAddresses(
  map: BpfMap,
  published: Published,
  addresses: Iterable<string>,
  complete: boolean,
  conditions: Map<string, Condition>,
): string[] {
  const added: Uint8Array[] = [];
  const removed: Uint8Array[] = [];
  for (const text of addresses) {
    const frontends = [...published.frontendsAt(text)];
    const key = published.addresses.get(text);
    const isWanted = frontends.some(({ exclusive }) => exclusive === true);
    const isUnknown = !complete && frontends.some(({ exclusive }) => exclusive === undefined);
    if (isWanted && key === undefined) added.push(Buffer.from(text, "hex"));
    else if (!isWanted && !isUnknown && key !== undefined) removed.push(key);
    if (!isWanted) conditions.delete(text);
  }
  map.deleteAll(removed);
  for (const key of removed) published.addresses.delete(keyText(key));
  const positions = new Set(map.updateAll(added.map((key) => [key, frontendWord(key, 0)])));
  const refused: string[] = [];
  for (const [position, key] of added.entries()) {
    const text = keyText(key);
    conditions.delete(text);
    if (!positions.has(position)) {
      published.addresses.set(text, key);
      continue;
    }
    conditions.set(text, fullMap(`the other ports of ${addressText(decode(FrontendKey, key).ip)}`, map));
    refused.push(text);
  }
  return refused;
}
