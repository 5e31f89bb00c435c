/** What the body of a modelled resource says: the parts of Envoy's messages that the protocol depends on. */
import type { Resource } from "@carrick/xds/protocol";

export interface Meaning {
  /** Listener: route tables by name. */
  readonly tables?: readonly string[];
  /** Listener: the scopes by which it finds tables. */
  readonly scopes?: readonly string[];
  /** Listener: certificates by name. */
  readonly secrets?: readonly string[];
  /** Scope: its route table, which no listener names. */
  readonly table?: string;
  /** Route table: clusters that it routes to. */
  readonly clusters?: readonly string[];
  /** Assignment: addresses. */
  readonly endpoints?: readonly string[];
  /** `semantic`: Envoy refuses this resource. `format`: it does not pass validation, Envoy drops the whole response. */
  readonly bad?: "semantic" | "format";
  /** Derived without a source that has not been seen. */
  readonly partial?: boolean;
  /** Makes versions differ. */
  readonly salt?: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const meanings = new WeakMap<Uint8Array, Meaning>();

/** A resource whose version is its content, so that all replicas agree. */
export function resourceOf(name: string, meaning: Meaning): Resource {
  const version = JSON.stringify(meaning);
  const body = encoder.encode(version);
  meanings.set(body, meaning);
  return { name, version, body, ...(meaning.partial === true && { partial: true }) };
}

export function meaningOf(resource: Resource): Meaning {
  let meaning = meanings.get(resource.body);
  if (meaning === undefined) {
    meaning = JSON.parse(decoder.decode(resource.body)) as Meaning;
    meanings.set(resource.body, meaning);
  }
  return meaning;
}
