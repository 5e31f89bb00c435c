/** Names a resource of the API, optionally in one namespace. */
export interface ResourceRef {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** As it stands in paths, for example `endpointslices`. */
  readonly plural: string;
  readonly namespace?: string;
}

/** The path of a resource, of one object of it, or of a subresource of that object. */
export function resourcePath(resource: ResourceRef, name?: string, subresource?: string): string {
  const { group, version, plural, namespace } = resource;
  const segments = group === "" ? ["api", version] : ["apis", group, version];
  if (namespace !== undefined) segments.push("namespaces", namespace);
  segments.push(plural);
  if (name !== undefined) segments.push(name);
  if (name !== undefined && subresource !== undefined) segments.push(subresource);
  return `/${segments.map(encodeURIComponent).join("/")}`;
}

/** For messages: `endpointslices.discovery.k8s.io in namespace shop`. */
export function resourceName({ group, plural, namespace }: ResourceRef): string {
  return `${plural}${group === "" ? "" : `.${group}`}${namespace === undefined ? "" : ` in namespace ${namespace}`}`;
}
