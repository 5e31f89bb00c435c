/** Metadata as the constructors of this folder take it. */
export interface Meta {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface NamespacedMeta extends Meta {
  /** `default` when not given. */
  readonly namespace?: string;
}

export function metadata({ name, labels, annotations }: Meta) {
  return {
    name,
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

export function namespacedMetadata({ namespace = "default", ...meta }: NamespacedMeta) {
  return { namespace, ...metadata(meta) };
}
