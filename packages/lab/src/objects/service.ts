import { namespacedMetadata } from "./meta.ts";
import type { NamespacedMeta } from "./meta.ts";

export interface ServicePortOptions {
  readonly name?: string;
  readonly port: number;
  /** The port itself when not given. */
  readonly targetPort?: number | string;
  /** TCP when not given. */
  readonly protocol?: "TCP" | "UDP";
}

export interface ServiceOptions extends NamespacedMeta {
  /** Numbers stand for unnamed TCP ports; port 80 when not given. */
  readonly ports?: readonly (number | ServicePortOptions)[];
  readonly type?: "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName";
  /** `None` makes it headless. */
  readonly clusterIP?: string;
  /** One of each family; the first is `clusterIP` too. */
  readonly clusterIPs?: readonly string[];
  readonly externalName?: string;
  readonly selector?: Readonly<Record<string, string>>;
}

export function service(options: ServiceOptions) {
  const { ports = [80], type = "ClusterIP", clusterIPs, externalName, selector } = options;
  const { clusterIP = clusterIPs?.[0] } = options;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: namespacedMetadata(options),
    spec: {
      type,
      ports: ports.map((given) => servicePort(typeof given === "number" ? { port: given } : given)),
      ...(clusterIP === undefined ? {} : { clusterIP }),
      ...(clusterIPs === undefined ? {} : { clusterIPs }),
      ...(externalName === undefined ? {} : { externalName }),
      ...(selector === undefined ? {} : { selector }),
    },
  };
}

function servicePort({ name, port, targetPort = port, protocol = "TCP" }: ServicePortOptions) {
  return { ...(name === undefined ? {} : { name }), port, targetPort, protocol };
}
