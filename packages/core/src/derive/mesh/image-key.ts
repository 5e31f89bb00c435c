/** Protocols whose connections are led to an endpoint. */
export type MeshProtocol = "TCP" | "UDP";

/** Addresses of a family lead to endpoints of the same one. */
export type Family = 4 | 6;

declare const brand: unique symbol;

/** `<namespace>/<service>:<port name>/<protocol>/<family>`, of a Service of the own cluster. */
export type ImageKey = string & { readonly [brand]: "ImageKey" };

export function imageKey(
  namespace: string,
  service: string,
  port: string,
  protocol: MeshProtocol,
  family: Family,
): ImageKey {
  return `${namespace}/${service}:${port}/${protocol}/${family}` as ImageKey;
}

export function familyOf(address: string): Family {
  return address.includes(":") ? 6 : 4;
}
