/** What one xDS type looks like to the protocol: names that lead to ready bytes. */

/** A full type URL, for example `type.googleapis.com/envoy.config.cluster.v3.Cluster`. */
export type TypeUrl = string;

/** One resource, encoded once and shared by all streams. Never mutated after publication. */
export interface Resource {
  readonly name: string;
  /** Hash of the content: equal on every replica and after every restart. */
  readonly version: string;
  /** The serialized resource message, without the `Any` and `Resource` envelopes. */
  readonly body: Uint8Array;
  /**
   * Derived while a source that it depends on has not been seen since this process started.
   * A client that reported a version of it keeps what it holds; a client that holds nothing gets it as it is.
   */
  readonly partial?: boolean;
}

/** All resources of one type that one client may see. */
export interface Source {
  get(name: string): Resource | undefined;
  names(): Iterable<string>;
  /**
   * The resource in a version that it had before, if it is remembered. A client that refuses a new cluster is helped
   * with the version that it reported; without it, it gets no other cluster until this one changes.
   */
  earlier?(name: string, version: string): Resource | undefined;
  /**
   * False while where the name comes from has not been seen since this process started: if it is missing, it is then
   * unknown, not absent, and is not removed from a client. Without a name: of any name.
   */
  complete(name?: string): boolean;
}

/** Everything one client may see: a source for each type, and word of what changed. */
export interface View {
  source(type: TypeUrl): Source | undefined;
  /**
   * Calls `on` after each change with the names per type whose resource was added, replaced, removed or became known.
   * `learned`: something is complete now that was not, perhaps with no names: only the stream knows which it held back.
   */
  watch(on: ViewListener): () => void;
}

export type ViewListener = (changed: ReadonlyMap<TypeUrl, Iterable<string>>, learned: boolean) => void;
