/** The objects of a world: hosts that every cluster has, and a few that changes are tried on. Pure. */
import * as objects from "../../packages/lab/src/objects/index.ts";

export const DOMAIN = "bench.example";
export const NAMESPACE = "apps";
export const CLASS = "carrick";

const PORT_NAME = "http";

/** What a world holds. */
export interface Shape {
  readonly clusters: number;
  /** Exact hosts; each has an Ingress in every cluster. */
  readonly hosts: number;
  /** Hosts `*.w<n>.…` beside them, likewise in every cluster. */
  readonly wildcards: number;
  /** `own`: each host has a Service of its own in every cluster; `shared`: all hosts share ten. */
  readonly services: "own" | "shared";
  /** All hosts name one certificate, which is for `*.bench.example`. */
  readonly https: boolean;
}

export interface Pair {
  readonly certPem: string;
  readonly keyPem: string;
}

/** A Kubernetes object. */
export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly [field: string]: unknown;
}

/** Services that stand in the first cluster alone, by their number of endpoints; each has the host `set-<n>`. */
export const SETS = [1, 10, 100] as const;
/** Pods of the first cluster that answer; the last is the one that takes another's place. */
export const PODS = Math.max(...SETS) + 1;
export const SPARE_POD = PODS;
/** The Service that hosts are added to; it has a host already, so its upstream exists. */
export const KNOWN_SERVICE = "known";
export const WILDCARD_SECRET = "wildcard";

const SHARED_SERVICES = 10;
const ENDPOINTS = 2;

/** `c1` is the first. */
export function clusterName(cluster: number): string {
  return `c${cluster}`;
}

/** Pod `n` of a cluster, both from 1. */
export function podAddress(cluster: number, n: number): string {
  return `127.${30 + cluster}.0.${n}`;
}

export function podName(n: number): string {
  return `pod-${n}`;
}

export function hostName(label: string): string {
  return `${label}.${DOMAIN}`;
}

/** Everything that a cluster holds at the start. The certificate is the one of `https`. */
export function* firstObjects(shape: Shape, cluster: number, podPort: number, certificate?: Pair): Generator<Manifest> {
  const secret = shape.https ? WILDCARD_SECRET : undefined;
  if (certificate !== undefined) yield tlsSecret(WILDCARD_SECRET, certificate);
  const pods = Array.from({ length: ENDPOINTS }, (_, i) => i + 1);
  const hosts = [
    ...Array.from({ length: shape.hosts }, (_, i) => ({ name: `h${i}`, host: hostName(`h${i}`) })),
    ...Array.from({ length: shape.wildcards }, (_, i) => ({ name: `w${i}`, host: `*.${hostName(`w${i}`)}` })),
  ];
  const services =
    shape.services === "own"
      ? hosts.map(({ name }) => name)
      : Array.from({ length: SHARED_SERVICES }, (_, i) => `shared-${i}`);
  for (const name of services) yield* service(name, cluster, pods, podPort);
  for (const [i, { name, host }] of hosts.entries()) yield ingress(name, host, services[i % services.length]!, secret);
  if (cluster === 1) yield* triedObjects(podPort, secret);
}

/** How many objects the clusters hold together at the start, by kind, Secrets apart: those are looked up one by one. */
export function objectCounts(shape: Shape): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (let cluster = 1; cluster <= shape.clusters; cluster++) {
    for (const { kind } of firstObjects(shape, cluster, 1)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/** What changes are tried on. */
function* triedObjects(podPort: number, secret: string | undefined): Generator<Manifest> {
  yield* service(KNOWN_SERVICE, 1, [1], podPort);
  yield ingress(KNOWN_SERVICE, hostName(KNOWN_SERVICE), KNOWN_SERVICE, secret);
  for (const size of SETS) {
    const name = `set-${size}`;
    const pods = Array.from({ length: size }, (_, i) => i + 1);
    yield* service(name, 1, pods, podPort);
    yield ingress(name, hostName(name), name, secret);
  }
}

/** A Service and its EndpointSlice. */
export function service(name: string, cluster: number, pods: readonly number[], podPort: number): Manifest[] {
  const ports = [{ name: PORT_NAME, port: 80, targetPort: PORT_NAME }];
  return [objects.service({ name, namespace: NAMESPACE, ports }), slice(name, cluster, pods, podPort)];
}

export function slice(name: string, cluster: number, pods: readonly number[], podPort: number): Manifest {
  const made = objects.endpointSlice({
    name,
    namespace: NAMESPACE,
    service: name,
    ports: [{ name: PORT_NAME, port: podPort }],
    endpoints: pods.map((pod) => ({ address: podAddress(cluster, pod), nodeName: `node-${pod % 10}` })),
  });
  const targets = pods.map((pod) => ({ kind: "Pod", name: podName(pod), namespace: NAMESPACE }));
  return { ...made, endpoints: made.endpoints.map((endpoint, i) => ({ ...endpoint, targetRef: targets[i] })) };
}

export function ingress(name: string, host: string, backend: string, secretName?: string): Manifest {
  return objects.ingress({
    name,
    namespace: NAMESPACE,
    className: CLASS,
    hosts: [host],
    paths: [{ service: backend, port: PORT_NAME }],
    ...(secretName !== undefined && { tls: [{ secretName, hosts: [host] }] }),
  });
}

export function tlsSecret(name: string, { certPem, keyPem }: Pair): Manifest {
  return objects.tlsSecret({ name, namespace: NAMESPACE, certPem, keyPem });
}
