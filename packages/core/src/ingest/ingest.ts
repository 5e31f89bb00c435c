import type { ClusterName, Kind, RowOf } from "../model/index.ts";
import type { AddressRules } from "./address.ts";
import { ingestCluster } from "./cluster.ts";
import { ingestNamespace, ingestNode, ingestPod } from "./cluster-objects.ts";
import type { KubeObject } from "./fields.ts";
import { ingestIngressClass } from "./ingress-class.ts";
import { ingestIngress } from "./ingress.ts";
import { type CheckPair, type DecodeBase64, ingestSecret } from "./secret.ts";
import { ingestService } from "./service.ts";
import { ingestSlice } from "./slice.ts";

/** What ingesting needs from outside. */
export interface IngestRules extends AddressRules {
  readonly checkPair: CheckPair;
  readonly decodeBase64: DecodeBase64;
}

type Ingest = { readonly [K in Kind]: (cluster: ClusterName, object: KubeObject, rules: IngestRules) => RowOf[K] };

const INGEST: Ingest = {
  Cluster: ingestCluster,
  Namespace: ingestNamespace,
  Node: ingestNode,
  Pod: ingestPod,
  Service: ingestService,
  EndpointSlice: ingestSlice,
  IngressClass: ingestIngressClass,
  Ingress: ingestIngress,
  Secret: (cluster, object, rules) => ingestSecret(cluster, object, rules.checkPair, rules.decodeBase64),
};

/**
 * Projects an object of a Kubernetes API onto its row. Total: whatever the object is, there is a row, and what is wrong
 * with it stands in the row's `problems`. The object itself is not kept.
 */
export function ingest<K extends Kind>(
  kind: K,
  cluster: ClusterName,
  object: KubeObject,
  rules: IngestRules,
): RowOf[K] {
  return INGEST[kind](cluster, object, rules);
}
