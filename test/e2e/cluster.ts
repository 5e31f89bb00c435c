/** One cluster of an end-to-end test: an embedded API server and back ends. */
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type ApiServer,
  endpointSlice,
  ingress,
  type IngressOptions,
  ingressClass,
  service,
  startApiServer,
} from "@carrick/lab";
import { parse, stringify } from "yaml";
import { type Backend, startBackend } from "../../packages/lab/src/backend/index.ts";
import { CHECKOUT } from "../../packages/lab/src/process/checkout.ts";
import type { Authority } from "../../packages/lab/src/trust/index.ts";

export interface BedCluster {
  readonly name: string;
  readonly api: ApiServer;
  readonly token: string;
  readonly tokenFile: string;
  readonly pods: readonly string[];
  apply(...objects: readonly object[]): void;
  remove(kind: string, name: string): void;
  /** A Service with a slice of these addresses (all pods of the cluster when not given) and an Ingress for a host. */
  publish(
    name: string,
    host: string,
    options?: Partial<IngressOptions> & { readonly addresses?: readonly string[] },
  ): void;
}

export interface ClusterInputs {
  readonly name: string;
  readonly index: number;
  readonly folder: string;
  readonly authority: Authority;
  readonly podPort: number;
  readonly pods: number;
  readonly stack: AsyncDisposableStack;
}

export async function openCluster({
  name,
  index,
  folder,
  authority,
  podPort,
  pods,
  stack,
}: ClusterInputs): Promise<BedCluster> {
  const token = randomBytes(16).toString("hex");
  const { certPem, keyPem } = await authority.issue({ ips: ["127.0.0.1"], usages: ["server"] });
  const api = await startApiServer({ name, tls: { certPem, keyPem, caPem: authority.certPem }, tokens: [token] });
  stack.defer(() => api.close());
  const tokenFile = join(folder, `${name}.token`);
  writeFileSync(tokenFile, `${token}\n`);
  writeFileSync(join(folder, `${name}.kubeconfig`), kubeconfig(name, api.url, tokenFile, join(folder, "ca.pem")));
  const addresses = Array.from({ length: pods }, (_, i) => `127.${20 + index}.0.${i + 1}`);
  const backend: Backend = await startBackend({
    cluster: name,
    port: podPort,
    pods: addresses.map((address, i) => ({ name: `${name}-${i + 1}`, address })),
  });
  stack.defer(() => backend.close());
  const apply = (...objects: readonly object[]) => {
    for (const object of objects) api.objects.apply(object);
  };
  const definition = readFileSync(join(CHECKOUT, "deploy", "crds", "carrick.dev_clusters.yaml"), "utf8");
  apply(parse(definition) as object, ingressClass({ name: "carrick", controller: "carrick.dev/edge" }));
  return {
    name,
    api,
    token,
    tokenFile,
    pods: addresses,
    apply,
    remove: (kind, objectName) => {
      const apiVersion = { Ingress: "networking.k8s.io/v1", EndpointSlice: "discovery.k8s.io/v1" }[kind] ?? "v1";
      if (!api.objects.delete({ apiVersion, kind, name: objectName, namespace: "shop" })) {
        throw new Error(`${name}: there is no ${kind} shop/${objectName}`);
      }
    },
    publish: (serviceName, host, { addresses: endpoints = addresses, ...more } = {}) => {
      apply(
        service({ name: serviceName, namespace: "shop", ports: [{ name: "http", port: 80 }] }),
        endpointSlice({
          name: `${serviceName}-1`,
          namespace: "shop",
          service: serviceName,
          endpoints,
          ports: [{ name: "http", port: podPort }],
        }),
        ingress({
          name: serviceName,
          namespace: "shop",
          className: "carrick",
          hosts: [host],
          paths: [{ service: serviceName, port: "http" }],
          ...more,
        }),
      );
    },
  };
}

function kubeconfig(name: string, server: string, tokenFile: string, authority: string): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { server, "certificate-authority": authority } }],
    users: [{ name, user: { tokenFile } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  });
}
