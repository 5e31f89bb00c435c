import type { ClusterName, IngressClassRow } from "../model/index.ts";
import { Fields, type KubeObject } from "./fields.ts";
import { readMeta } from "./meta.ts";

/** networking.k8s.io/v1 IngressClass. */
export function ingestIngressClass(cluster: ClusterName, object: KubeObject): IngressClassRow {
  const fields = new Fields();
  const meta = readMeta(cluster, object, fields);
  return {
    ...meta.row,
    controller: fields.text(fields.object(object["spec"], "spec")["controller"], "spec.controller"),
    isDefault: meta.annotations["ingressclass.kubernetes.io/is-default-class"] === "true",
    ...(fields.problems.length > 0 && { problems: fields.problems }),
  };
}
