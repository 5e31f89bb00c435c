import { type ObjectKey, objectKey, type ObjectRef, type Problem, type ProblemCode } from "../model/index.ts";
import { type Index, index } from "../store/index.ts";

/** A problem of an object that only shows beside other objects: a missing Service, a conflict with another Ingress. */
export interface Finding {
  readonly object: ObjectRef;
  readonly problem: Problem;
}

export function finding(object: ObjectRef, code: ProblemCode, path: string, message: string): Finding {
  return { object, problem: { code, path, message } };
}

interface WithFindings {
  readonly findings: readonly Finding[];
}

/** Rows of a view that found something: read by reports, which must not scan all rows. */
export const withFindings: Index<WithFindings> = index("findings", (row) => (row.findings.length > 0 ? ["any"] : []));

export function ingressRef(ingress: {
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
}): ObjectRef {
  return { cluster: ingress.cluster, kind: "Ingress", namespace: ingress.namespace, name: ingress.name };
}

export function keyOf(object: {
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
}): ObjectKey {
  return objectKey(object.cluster, object.namespace, object.name);
}
