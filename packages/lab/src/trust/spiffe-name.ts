/** Names that certificates of Carrick carry as their URI. */

/** `spiffe://<domain>/cluster/<cluster>/controller` */
export function controllerName(domain: string, cluster: string): string {
  return `spiffe://${domain}/cluster/${cluster}/controller`;
}

/** `spiffe://<domain>/cluster/<cluster>/node/<node>` */
export function nodeName(domain: string, cluster: string, node: string): string {
  return `spiffe://${domain}/cluster/${cluster}/node/${node}`;
}

/** `spiffe://<domain>/cluster/<cluster>/edge/<fleet>/<name>` */
export function edgeName(domain: string, cluster: string, fleet: string, name: string): string {
  return `spiffe://${domain}/cluster/${cluster}/edge/${fleet}/${name}`;
}
