/** The names that Carrick's certificates carry as a URI. */

/** `spiffe://<domain>/cluster/<cluster>/edge/<fleet>/<name>` taken apart. */
export interface EdgeIdentity {
  readonly domain: string;
  readonly cluster: string;
  readonly fleet: string;
  readonly name: string;
}

export function parseEdge(uri: string): EdgeIdentity | undefined {
  const parts = /^spiffe:\/\/([^/]+)\/cluster\/([^/]+)\/edge\/([^/]+)\/([^/]+)$/.exec(uri);
  if (parts === null) return undefined;
  const [, domain = "", cluster = "", fleet = "", name = ""] = parts;
  return { domain, cluster, fleet, name };
}

export function edgeUri({ domain, cluster, fleet, name }: EdgeIdentity): string {
  return `spiffe://${domain}/cluster/${cluster}/edge/${fleet}/${name}`;
}

/** The trust domain of a URI name of any role. */
export function domainOf(uri: string): string | undefined {
  return /^spiffe:\/\/([^/]+)\//.exec(uri)?.[1];
}

export function controllerUri(domain: string, cluster: string): string {
  return `spiffe://${domain}/cluster/${cluster}/controller`;
}

/** Whether a URI names a controller of the trust domain. */
export function isController(uri: string, domain: string): boolean {
  return uri.startsWith(`spiffe://${domain}/cluster/`) && /^spiffe:\/\/[^/]+\/cluster\/[^/]+\/controller$/.test(uri);
}
