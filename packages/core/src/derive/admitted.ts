import {
  defaultClass,
  exact,
  type IngressBackend,
  type IngressRow,
  type ObjectKey,
  objectKey,
  type PathType,
  sharedData,
  sourceKey,
  type Tables,
} from "../model/index.ts";
import { type Index, index, type Reader, same, type Store, type Table } from "../store/index.ts";
import type { BackendTarget } from "./backend-set.ts";
import { type Finding, finding, ingressRef, withFindings } from "./finding.ts";
import type { EdgeEnvironment, Fleet } from "./fleet.ts";
import { portName } from "./members.ts";

/** One path that an Ingress claims for a host. */
export interface PathClaim {
  readonly type: PathType;
  /** Without the trailing slash, which means nothing in a Prefix; `/` stays. */
  readonly path: string;
  /** The Service that is named, in the namespace of the Ingress. */
  readonly service: string;
  /** Absent where the backend cannot be resolved in the Ingress' cluster. */
  readonly target?: BackendTarget;
  /** Of the default backend: gives way to every rule. */
  readonly fallback: boolean;
  readonly at: string;
}

export interface HostClaim {
  readonly host: string;
  readonly paths: readonly PathClaim[];
  /** The Secret that `spec.tls` names for the host. */
  readonly secret?: { readonly key: ObjectKey; readonly at: string };
}

/** An Ingress of a class that the fleet serves, its backends resolved in its own cluster. */
export interface AdmittedIngress {
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
  readonly created: number;
  readonly hosts: readonly HostClaim[];
  readonly findings: readonly Finding[];
}

export const admittedByHost: Index<AdmittedIngress> = index("host", (row) => row.hosts.map((claim) => claim.host));

/** Secrets that an admitted Ingress names, as `<cluster>/<namespace>/<name>`. */
export const admittedBySecret: Index<AdmittedIngress, ObjectKey> = index("secret", (row) => [
  ...new Set(row.hosts.flatMap((claim) => (claim.secret === undefined ? [] : [claim.secret.key]))),
]);

export function admittedIngresses(
  store: Store,
  tables: Tables,
  fleet: Fleet,
  env: EdgeEnvironment,
): Table<AdmittedIngress> {
  return store.view(
    `${fleet.name}/admitted`,
    tables.Ingress,
    (row, key, read) => {
      const verdict = classVerdict(row, tables, fleet, env, read);
      if (verdict === "foreign") return [];
      if (verdict === "unknown") return [[key, refuse(row, env)]];
      return [[key, admit(row, tables, read)]];
    },
    same,
    [admittedByHost, admittedBySecret, withFindings],
  );
}

/** `ours`, another controller's, or of a class that nobody knows. */
function classVerdict(
  row: IngressRow,
  tables: Tables,
  fleet: Fleet,
  env: EdgeEnvironment,
  read: Reader,
): "ours" | "foreign" | "unknown" {
  if (row.classByAnnotation) return fleet.classes.includes(row.className) ? "ours" : "foreign";
  if (row.className === "") {
    const ours = read
      .by(tables.IngressClass, defaultClass, row.cluster)
      .some((candidate) => candidate.controller === fleet.controllerName && fleet.classes.includes(candidate.name));
    return ours ? "ours" : "foreign";
  }
  const object = read.get(tables.IngressClass, objectKey(row.cluster, "", row.className));
  if (fleet.classes.includes(row.className)) {
    return object === undefined || object.controller === fleet.controllerName ? "ours" : "foreign";
  }
  if (object !== undefined || env.knownClasses.includes(row.className)) return "foreign";
  return read.get(tables.sources, sourceKey(row.cluster, "IngressClass"))?.known === true ? "unknown" : "foreign";
}

function refuse(row: IngressRow, env: EdgeEnvironment): AdmittedIngress {
  const message = `names class "${row.className}", which is neither an IngressClass of ${row.cluster} nor a class that an edge serves (${[...new Set(env.knownClasses)].join(", ")}); nobody serves this Ingress.`;
  return {
    cluster: row.cluster,
    namespace: row.namespace,
    name: row.name,
    created: row.created,
    hosts: [],
    findings: [finding(ingressRef(row), "UnknownClass", "spec.ingressClassName", message)],
  };
}

function admit(row: IngressRow, tables: Tables, read: Reader): AdmittedIngress {
  const findings: Finding[] = [];
  const resolve = (backend: IngressBackend, at: string) => resolveBackend(row, backend, at, tables, read, findings);
  const hosts = row.rules.map((rule): HostClaim => {
    const paths = rule.paths.map((path): PathClaim => {
      const target = resolve(path.backend, `${path.at}.backend`);
      return {
        type: path.type,
        path: normalPath(path.type, path.path),
        fallback: false,
        service: path.backend.service,
        at: path.at,
        ...(target && { target }),
      };
    });
    const secret = secretOf(row, rule.host);
    return { host: rule.host, paths, ...(secret && { secret }) };
  });
  if (row.defaultBackend !== undefined)
    addFallback(hosts, row.defaultBackend.service, resolve(row.defaultBackend, "spec.defaultBackend"));
  const { cluster, namespace, name, created } = row;
  return { cluster, namespace, name, created, hosts: sharedData(hosts), findings: sharedData(exact(findings)) };
}

/** The default backend takes what no rule of its Ingress matches, and what no Ingress has a host for. */
function addFallback(hosts: HostClaim[], service: string, target: BackendTarget | undefined): void {
  const claim: PathClaim = {
    type: "Prefix",
    path: "/",
    fallback: true,
    service,
    at: "spec.defaultBackend",
    ...(target && { target }),
  };
  for (const [i, host] of hosts.entries()) hosts[i] = { ...host, paths: [...host.paths, claim] };
  if (!hosts.some((host) => host.host === "*")) hosts.push({ host: "*", paths: [claim] });
}

/** A Prefix matches by path elements: `/a/` and `/a` are the same (Ingress API reference, path types). */
function normalPath(type: PathType, path: string): string {
  return type === "Prefix" && path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

/** An entry of `spec.tls` without hosts stands for all hosts of its Ingress. */
function secretOf(row: IngressRow, host: string): HostClaim["secret"] {
  if (host === "*") return undefined;
  const parent = `*${host.slice(host.indexOf("."))}`;
  const entry =
    row.tls.find((tls) => tls.hosts.includes(host)) ??
    row.tls.find((tls) => tls.hosts.includes(parent)) ??
    row.tls.find((tls) => tls.hosts.length === 0);
  return entry && { key: objectKey(row.cluster, row.namespace, entry.secret), at: entry.at };
}

function resolveBackend(
  row: IngressRow,
  backend: IngressBackend,
  at: string,
  tables: Tables,
  read: Reader,
  findings: Finding[],
): BackendTarget | undefined {
  const service = read.get(tables.Service, objectKey(row.cluster, row.namespace, backend.service));
  if (service === undefined) {
    if (read.get(tables.sources, sourceKey(row.cluster, "Service"))?.known === true) {
      const message = `names Service ${row.namespace}/${backend.service}, which does not exist in ${row.cluster}.`;
      findings.push(finding(ingressRef(row), "UnknownService", `${at}.service.name`, message));
    }
    return undefined;
  }
  if (service.type === "ExternalName") {
    const message = `names Service ${row.namespace}/${backend.service} of type ExternalName, which has no endpoints; use one that selects pods.`;
    findings.push(finding(ingressRef(row), "InvalidBackend", `${at}.service.name`, message));
    return undefined;
  }
  const port = service.ports.find(
    (candidate) => candidate.protocol === "TCP" && (candidate.name === backend.port || candidate.port === backend.port),
  );
  if (port === undefined) {
    const has = service.ports.map((candidate) => candidate.name || candidate.port).join(", ") || "no ports";
    const message = `names port ${backend.port} of Service ${row.namespace}/${backend.service} in ${row.cluster}, which has ${has}.`;
    findings.push(finding(ingressRef(row), "UnknownPort", `${at}.service.port`, message));
    return undefined;
  }
  return { namespace: row.namespace, service: backend.service, port: portName(port) };
}
