import { namespacedMetadata } from "./meta.ts";
import type { NamespacedMeta } from "./meta.ts";

export interface EndpointOptions {
  readonly address: string;
  /** True when not given. */
  readonly ready?: boolean;
  /** As `ready` when not given. */
  readonly serving?: boolean;
  /** False when not given. */
  readonly terminating?: boolean;
  readonly nodeName?: string;
  readonly zone?: string;
}

export interface EndpointSlicePortOptions {
  /** Empty, as of a Service's unnamed port, when not given. */
  readonly name?: string;
  readonly port: number;
  readonly protocol?: "TCP" | "UDP";
}

export interface EndpointSliceOptions extends NamespacedMeta {
  readonly service: string;
  /** Texts stand for ready addresses. */
  readonly endpoints: readonly (string | EndpointOptions)[];
  /** Numbers stand for unnamed TCP ports; port 80 when not given. */
  readonly ports?: readonly (number | EndpointSlicePortOptions)[];
  /** IPv6 if the first address has a colon, when not given. */
  readonly addressType?: "IPv4" | "IPv6" | "FQDN";
}

/** A slice as the control plane writes it: with the label that ties it to its Service. */
export function endpointSlice(options: EndpointSliceOptions) {
  const endpoints = options.endpoints.map((given) => endpoint(typeof given === "string" ? { address: given } : given));
  const { addressType = endpoints[0]?.addresses[0]?.includes(":") === true ? "IPv6" : "IPv4" } = options;
  const labels = { "kubernetes.io/service-name": options.service, ...options.labels };
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: namespacedMetadata({ ...options, labels }),
    addressType,
    endpoints,
    ports: (options.ports ?? [80]).map((given) => slicePort(typeof given === "number" ? { port: given } : given)),
  };
}

function endpoint({ address, ready = true, serving = ready, terminating = false, nodeName, zone }: EndpointOptions) {
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone }),
  };
}

function slicePort({ name = "", port, protocol = "TCP" }: EndpointSlicePortOptions) {
  return { name, port, protocol };
}
