import { type ClusterName, exact, type NamespaceRow, type NodeRow, type WorkloadRow } from "../model/index.ts";
import { Fields, type KubeObject } from "./fields.ts";
import { readMeta } from "./meta.ts";

/** v1 Node. */
export function ingestNode(cluster: ClusterName, object: KubeObject): NodeRow {
  const fields = new Fields();
  const meta = readMeta(cluster, object, fields);
  const spec = fields.object(object["spec"], "spec");
  const status = fields.object(object["status"], "status");
  const podCidrs = fields.texts(spec["podCIDRs"], "spec.podCIDRs", 2);
  const single = fields.text(spec["podCIDR"], "spec.podCIDR");
  return {
    ...meta.row,
    zone: fields.text(meta.labels["topology.kubernetes.io/zone"], "metadata.labels"),
    addresses: fields.list(status["addresses"], "status.addresses", 50).flatMap(([value, at]) => {
      const entry = fields.object(value, at);
      return entry["type"] === "InternalIP" ? [fields.text(entry["address"], `${at}.address`)] : [];
    }),
    podCidrs: podCidrs.length > 0 || single === "" ? podCidrs : [single],
    ready: isReady(fields, status),
    ...(fields.problems.length > 0 && { problems: fields.problems }),
  };
}

/** v1 Namespace. */
export function ingestNamespace(cluster: ClusterName, object: KubeObject): NamespaceRow {
  const fields = new Fields();
  const meta = readMeta(cluster, object, fields);
  return {
    ...meta.row,
    labels: fields.textMap(meta.labels, "metadata.labels"),
    ...(fields.problems.length > 0 && { problems: fields.problems }),
  };
}

/** v1 Pod: where it runs and which addresses it has. */
export function ingestPod(cluster: ClusterName, object: KubeObject): WorkloadRow {
  const fields = new Fields();
  const meta = readMeta(cluster, object, fields);
  const spec = fields.object(object["spec"], "spec");
  const status = fields.object(object["status"], "status");
  const ips = fields
    .list(status["podIPs"], "status.podIPs", 2)
    .map(([value, at]) => fields.text(fields.object(value, at)["ip"], `${at}.ip`));
  const single = fields.text(status["podIP"], "status.podIP");
  const { namespace, name, resourceVersion } = meta.row;
  return fields.finish<WorkloadRow>({
    cluster,
    namespace,
    name,
    resourceVersion,
    node: fields.text(spec["nodeName"], "spec.nodeName"),
    ips: exact((ips.length > 0 ? ips : [single]).filter((ip) => ip !== "")),
    serviceAccount: fields.text(spec["serviceAccountName"], "spec.serviceAccountName"),
    ready: isReady(fields, status),
  });
}

function isReady(fields: Fields, status: KubeObject): boolean {
  return fields.list(status["conditions"], "status.conditions", 100).some(([value, at]) => {
    const condition = fields.object(value, at);
    return condition["type"] === "Ready" && condition["status"] === "True";
  });
}
