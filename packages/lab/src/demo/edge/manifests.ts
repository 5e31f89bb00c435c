/** The objects of the demo, as teams would write them. */
import {
  type EndpointOptions,
  endpointSlice,
  ingress,
  ingressClass,
  namespace,
  service,
  tlsSecret,
} from "../../objects/index.ts";
import { type DemoCluster, podAddress } from "./addresses.ts";

export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

export const NAMESPACE = "shop";
const CLASS = "carrick";
/** The host that both clusters serve; its path `/reviews` exists in paris only. */
export const SHOP = "shop.example";
export const REVIEWS = "/reviews";

export interface Pod {
  readonly name: string;
  readonly address: string;
}

/** Pods of each Service of a cluster. london has two of `web`, paris one; `reviews` is in paris alone. */
export const SERVICES: Readonly<Record<DemoCluster, Readonly<Record<string, readonly Pod[]>>>> = {
  london: { web: [pod("london", "web-1", 1), pod("london", "web-2", 2)], catalog: [pod("london", "catalog-1", 3)] },
  paris: {
    web: [pod("paris", "web-1", 1)],
    catalog: [pod("paris", "catalog-1", 3)],
    reviews: [pod("paris", "reviews-1", 4)],
  },
};

function pod(cluster: DemoCluster, name: string, n: number): Pod {
  return { name, address: podAddress(cluster, n) };
}

/** What a cluster holds when the demo begins. */
export function firstObjects(cluster: DemoCluster, podPort: number): Manifest[] {
  const services = Object.entries(SERVICES[cluster]);
  const home = { path: "/", service: "web" };
  return [
    namespace({ name: NAMESPACE }),
    ingressClass({ name: CLASS, controller: "carrick.dev/edge" }),
    ...services.map(([name]) => service({ namespace: NAMESPACE, name, ports: [{ name: "http", port: 80 }] })),
    ...services.map(([name, pods]) => slice(name, pods.map(ready), podPort)),
    route("shop", SHOP, cluster === "paris" ? [home, { path: REVIEWS, service: "reviews" }] : [home]),
  ];
}

export interface PodEndpoint extends EndpointOptions {
  readonly pod: string;
}

export function ready({ name, address }: Pod): PodEndpoint {
  return { pod: name, address, ready: true };
}

/** A pod that was told to end: it serves what it has, and wants nothing new. */
export function terminating({ name, address }: Pod): PodEndpoint {
  return { pod: name, address, ready: false, serving: true, terminating: true };
}

/** The EndpointSlice of a Service. */
export function slice(service: string, endpoints: readonly PodEndpoint[], port: number): Manifest {
  const ports = [{ name: "http", port }];
  const made = endpointSlice({ namespace: NAMESPACE, name: `${service}-1`, service, endpoints, ports });
  const targets = endpoints.map(({ pod }) => ({ kind: "Pod", namespace: NAMESPACE, name: pod }));
  const withTargets = made.endpoints.map((one, i) => ({ ...one, targetRef: targets[i] }));
  return Object.assign(made, { endpoints: withTargets });
}

/** An Ingress of one host; with the name of a Secret, over TLS. */
export function route(
  name: string,
  host: string,
  paths: readonly { readonly path: string; readonly service: string }[],
  secretName?: string,
): Manifest {
  return ingress({
    namespace: NAMESPACE,
    name,
    className: CLASS,
    hosts: [host],
    paths: paths.map((path) => ({ ...path, port: "http" })),
    ...(secretName !== undefined && { tls: [{ hosts: [host], secretName }] }),
  });
}

export function certificate(name: string, certPem: string, keyPem: string): Manifest {
  return tlsSecret({ namespace: NAMESPACE, name, certPem, keyPem });
}
