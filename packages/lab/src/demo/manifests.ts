/** The objects of the demo, as a team would write them. */
import { type DemoCluster, podAddress } from "./addresses.ts";

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: "Namespace" | "Service" | "EndpointSlice" | "IngressClass" | "Ingress" | "Secret";
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> };
  readonly [field: string]: unknown;
}

export const NAMESPACE = "shop";
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
  const shop = [{ path: "/", service: "web" }];
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } },
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "IngressClass",
      metadata: { name: "carrick" },
      spec: { controller: "carrick.dev/edge" },
    },
    ...services.map(([name]) => service(name)),
    ...services.map(([name, pods]) => endpoints(name, pods.map(ready), podPort)),
    ingress("shop", SHOP, cluster === "paris" ? [...shop, { path: REVIEWS, service: "reviews" }] : shop),
  ];
}

export function service(name: string): Manifest {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: NAMESPACE },
    spec: { type: "ClusterIP", ports: [{ name: "http", port: 80, protocol: "TCP", targetPort: "http" }] },
  };
}

export interface SliceEndpoint extends Pod {
  readonly conditions: { readonly ready: boolean; readonly serving: boolean; readonly terminating: boolean };
}

export function ready(pod: Pod): SliceEndpoint {
  return { ...pod, conditions: { ready: true, serving: true, terminating: false } };
}

/** A pod that was told to end: it serves what it has, and wants nothing new. */
export function terminating(pod: Pod): SliceEndpoint {
  return { ...pod, conditions: { ready: false, serving: true, terminating: true } };
}

export function endpoints(service: string, of: readonly SliceEndpoint[], port: number): Manifest {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: `${service}-1`,
      namespace: NAMESPACE,
      labels: { "kubernetes.io/service-name": service },
    },
    addressType: "IPv4",
    ports: [{ name: "http", port, protocol: "TCP" }],
    endpoints: of.map(({ name, address, conditions }) => ({
      addresses: [address],
      conditions,
      targetRef: { kind: "Pod", name, namespace: NAMESPACE },
    })),
  };
}

export interface PathTo {
  readonly path: string;
  readonly service: string;
}

export function ingress(name: string, host: string, paths: readonly PathTo[], secretName?: string): Manifest {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name, namespace: NAMESPACE },
    spec: {
      ingressClassName: "carrick",
      rules: [
        {
          host,
          http: {
            paths: paths.map(({ path, service }) => ({
              path,
              pathType: "Prefix",
              backend: { service: { name: service, port: { name: "http" } } },
            })),
          },
        },
      ],
      ...(secretName !== undefined && { tls: [{ hosts: [host], secretName }] }),
    },
  };
}

export function tlsSecret(name: string, certPem: string, keyPem: string): Manifest {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: NAMESPACE },
    type: "kubernetes.io/tls",
    data: { "tls.crt": base64(certPem), "tls.key": base64(keyPem) },
  };
}
