/** Reads and writes the objects of a cluster, with an operator's credentials. */
import { type Fields, type KubeClient, KubeError, type ResourceRef, resourcePath } from "@carrick/kube";
import type { Manifest } from "./manifests.ts";

const RESOURCES: Readonly<Record<string, ResourceRef>> = {
  Namespace: { group: "", version: "v1", plural: "namespaces" },
  Service: { group: "", version: "v1", plural: "services" },
  Secret: { group: "", version: "v1", plural: "secrets" },
  EndpointSlice: { group: "discovery.k8s.io", version: "v1", plural: "endpointslices" },
  Ingress: { group: "networking.k8s.io", version: "v1", plural: "ingresses" },
  IngressClass: { group: "networking.k8s.io", version: "v1", plural: "ingressclasses" },
  Cluster: { group: "carrick.dev", version: "v1", plural: "clusters" },
};

/** Names one object; the namespace is empty for objects that are in none. */
export interface ObjectName {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export class ClusterObjects {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async create(manifest: Manifest): Promise<Fields> {
    return this.#client.create(resourcePath(resource(nameOf(manifest))), manifest);
  }

  /** Creates the object or replaces it as a whole. */
  async put(manifest: Manifest): Promise<Fields> {
    const name = nameOf(manifest);
    try {
      return await this.#client.update(pathOf(name), manifest);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      return this.create(manifest);
    }
  }

  /** JSON merge patch. */
  async patch(name: ObjectName, patch: object): Promise<Fields> {
    return this.#client.patch(pathOf(name), patch);
  }

  async get(name: ObjectName): Promise<Fields | undefined> {
    try {
      return await this.#client.get(pathOf(name));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Deletes the object if it is there. */
  async remove(name: ObjectName): Promise<void> {
    try {
      await this.#client.remove(pathOf(name));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

export function nameOf({ kind, metadata }: Manifest): ObjectName {
  return { kind, namespace: metadata.namespace ?? "", name: metadata.name };
}

function pathOf(name: ObjectName): string {
  return resourcePath(resource(name), name.name);
}

function resource({ kind, namespace }: ObjectName): ResourceRef {
  const found = RESOURCES[kind];
  if (found === undefined) throw new Error(`${kind}: the demo has no such kind`);
  return namespace === "" ? found : { ...found, namespace };
}

function isNotFound(error: unknown): boolean {
  return error instanceof KubeError && error.status === 404;
}
