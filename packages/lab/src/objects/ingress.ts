import { metadata, namespacedMetadata } from "./meta.ts";
import type { Meta, NamespacedMeta } from "./meta.ts";

export interface IngressBackend {
  readonly service: string;
  /** Number or name of the Service's port; 80 when not given. */
  readonly port?: number | string;
}

export interface IngressPathOptions extends IngressBackend {
  /** `/` when not given. */
  readonly path?: string;
  /** Prefix when not given. */
  readonly type?: "Exact" | "Prefix" | "ImplementationSpecific";
}

export interface IngressOptions extends NamespacedMeta {
  /** No class when not given. */
  readonly className?: string;
  /** Every host gets all paths; without hosts there is one rule for all hosts. */
  readonly hosts?: readonly string[];
  readonly paths?: readonly IngressPathOptions[];
  readonly defaultBackend?: IngressBackend;
  readonly tls?: readonly { readonly secretName: string; readonly hosts?: readonly string[] }[];
}

export function ingress(options: IngressOptions) {
  const { className, hosts, paths, defaultBackend, tls } = options;
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: namespacedMetadata(options),
    spec: {
      ...(className === undefined ? {} : { ingressClassName: className }),
      ...(defaultBackend === undefined ? {} : { defaultBackend: backend(defaultBackend) }),
      ...(tls === undefined ? {} : { tls }),
      ...(paths === undefined ? {} : { rules: rules(hosts, paths) }),
    },
  };
}

function rules(hosts: readonly string[] | undefined, paths: readonly IngressPathOptions[]) {
  const http = {
    paths: paths.map((one) => ({ path: one.path ?? "/", pathType: one.type ?? "Prefix", backend: backend(one) })),
  };
  return hosts === undefined ? [{ http }] : hosts.map((host) => ({ host, http }));
}

function backend({ service, port = 80 }: IngressBackend) {
  return { service: { name: service, port: typeof port === "number" ? { number: port } : { name: port } } };
}

export interface IngressClassOptions extends Meta {
  readonly controller: string;
  /** Serves the Ingresses that name no class. */
  readonly isDefault?: boolean;
}

export function ingressClass({ controller, isDefault, ...meta }: IngressClassOptions) {
  const mark = isDefault === true ? { "ingressclass.kubernetes.io/is-default-class": "true" } : undefined;
  const annotations = mark === undefined ? meta.annotations : { ...mark, ...meta.annotations };
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "IngressClass",
    metadata: metadata({ ...meta, ...(annotations === undefined ? {} : { annotations }) }),
    spec: { controller },
  };
}
