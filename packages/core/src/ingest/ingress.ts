import {
  type ClusterName,
  exact,
  type IngressBackend,
  type IngressPath,
  type IngressRow,
  type IngressRule,
  type IngressTls,
  sharedData,
} from "../model/index.ts";
import { Fields, type KubeObject, shown } from "./fields.ts";
import { readHost } from "./host.ts";
import { readMeta } from "./meta.ts";
import { wrongPath } from "./path.ts";

const MAX_RULES = 500;
/** No class can have this name. */
const INVALID_CLASS = "(invalid)";
/** Of one rule, and of the object as a whole. */
const MAX_PATHS = 500;
const MAX_ALL_PATHS = 2000;
const MAX_TLS = 200;
const MAX_TLS_HOSTS = 500;

/** networking.k8s.io/v1 Ingress. A rule that is wrong is left out and said in `problems`; the others stand. */
export function ingestIngress(cluster: ClusterName, object: KubeObject): IngressRow {
  const fields = new Fields();
  const meta = readMeta(cluster, object, fields);
  const spec = fields.object(object["spec"], "spec");
  const annotation = fields.text(meta.annotations["kubernetes.io/ingress.class"], "metadata.annotations");
  const before = fields.problems.length;
  const named = annotation === "" ? fields.name(spec["ingressClassName"], "spec.ingressClassName") : annotation;
  // A class that is none must not become "no class", which is the default one.
  const className = fields.problems.length > before ? INVALID_CLASS : named;
  const rules = boundPaths(
    fields,
    fields.list(spec["rules"], "spec.rules", MAX_RULES).flatMap(([rule, at]) => readRule(fields, rule, at)),
  );
  const tls = fields.list(spec["tls"], "spec.tls", MAX_TLS).flatMap(([entry, at]) => readTls(fields, entry, at));
  const fallback = spec["defaultBackend"];
  const defaultBackend =
    fallback === undefined || fallback === null ? undefined : readBackend(fields, fallback, "spec.defaultBackend");
  if (rules.length === 0 && defaultBackend === undefined && fields.problems.length === 0) {
    fields.note("InvalidValue", "spec", "has neither a rule with paths nor a default backend, so it routes nothing.");
  }
  const { namespace, name, resourceVersion } = meta.row;
  return fields.finish<IngressRow>({
    cluster,
    namespace,
    name,
    resourceVersion,
    className,
    classByAnnotation: annotation !== "",
    created: meta.created,
    rules: sharedData(mergeHosts(rules)),
    ...(defaultBackend && { defaultBackend }),
    tls: sharedData(exact(tls)),
  });
}

function readRule(fields: Fields, value: unknown, at: string): IngressRule[] {
  const rule = fields.object(value, at);
  const before = fields.problems.length;
  const text = fields.text(rule["host"], `${at}.host`);
  // A host that is none must not become "no host", which takes everything.
  if (fields.problems.length > before) return [];
  const host = text === "" ? { host: "*" } : readHost(text);
  if ("wrong" in host) {
    fields.note("InvalidHost", `${at}.host`, `${shown(text)} ${host.wrong}.`);
    return [];
  }
  const http = fields.object(rule["http"], `${at}.http`);
  const paths = fields
    .list(http["paths"], `${at}.http.paths`, MAX_PATHS)
    .flatMap(([path, pathAt]) => readPath(fields, path, pathAt));
  // A rule without `http` stands for its host: the default backend takes all of it.
  return paths.length === 0 && http["paths"] !== undefined ? [] : [{ host: host.host, paths }];
}

function readPath(fields: Fields, value: unknown, at: string): IngressPath[] {
  const entry = fields.object(value, at);
  const pathType = fields.text(entry["pathType"], `${at}.pathType`);
  const given = fields.text(entry["path"], `${at}.path`);
  const path = given === "" && pathType === "ImplementationSpecific" ? "/" : given;
  const wrong = wrongPath(path);
  if (wrong !== undefined) {
    fields.note("InvalidPath", `${at}.path`, `${shown(path)} ${wrong}.`);
    return [];
  }
  if (pathType !== "Exact" && pathType !== "Prefix" && pathType !== "ImplementationSpecific") {
    fields.note(
      "InvalidPath",
      `${at}.pathType`,
      `${shown(pathType)} is none of Exact, Prefix, ImplementationSpecific.`,
    );
    return [];
  }
  const backend = readBackend(fields, entry["backend"], `${at}.backend`);
  // ImplementationSpecific is ours to define: a prefix by path elements, as `Prefix` is.
  return backend === undefined ? [] : [{ type: pathType === "Exact" ? "Exact" : "Prefix", path, backend, at }];
}

function readBackend(fields: Fields, value: unknown, at: string): IngressBackend | undefined {
  const backend = fields.object(value, at);
  if (backend["resource"] !== undefined) {
    fields.note("InvalidBackend", `${at}.resource`, "resource backends are not supported; name a service.");
    return undefined;
  }
  const service = fields.object(backend["service"], `${at}.service`);
  const name = fields.name(service["name"], `${at}.service.name`);
  if (name === "") {
    fields.note("InvalidBackend", `${at}.service.name`, "names no service.");
    return undefined;
  }
  const port = fields.object(service["port"], `${at}.service.port`);
  const portName = fields.name(port["name"], `${at}.service.port.name`);
  if (portName !== "") return { service: name, port: portName };
  const number = fields.port(port["number"], `${at}.service.port.number`);
  return number === undefined ? undefined : { service: name, port: number };
}

function readTls(fields: Fields, value: unknown, at: string): IngressTls[] {
  const entry = fields.object(value, at);
  const secret = fields.name(entry["secretName"], `${at}.secretName`);
  const hosts = fields.texts(entry["hosts"], `${at}.hosts`, MAX_TLS_HOSTS).flatMap((text, i) => {
    const host = readHost(text);
    if ("host" in host) return [host.host];
    fields.note("InvalidHost", `${at}.hosts[${i}]`, `${shown(text)} ${host.wrong}.`);
    return [];
  });
  // An entry whose hosts are all wrong must not become one without hosts, which stands for all of them.
  const listed = entry["hosts"];
  if (hosts.length === 0 && listed !== undefined && listed !== null && !(Array.isArray(listed) && listed.length === 0))
    return [];
  if (secret !== "") return [{ hosts: exact(hosts), secret, at }];
  fields.note("InvalidValue", `${at}.secretName`, "names no Secret, so its hosts are not served over TLS.");
  return [];
}

function boundPaths(fields: Fields, rules: readonly IngressRule[]): readonly IngressRule[] {
  const count = rules.reduce((sum, rule) => sum + rule.paths.length, 0);
  if (count <= MAX_ALL_PATHS) return rules;
  fields.note("TooMany", "spec.rules", `${count} paths, of which the first ${MAX_ALL_PATHS} are used.`);
  let left = MAX_ALL_PATHS;
  return rules.flatMap((rule) => {
    const paths = rule.paths.slice(0, left);
    left -= paths.length;
    return paths.length === 0 ? [] : [{ host: rule.host, paths }];
  });
}

/** Rules of one host become one rule: the same host may stand in several. */
function mergeHosts(rules: readonly IngressRule[]): IngressRule[] {
  const byHost = Map.groupBy(rules, (rule) => rule.host);
  return [...byHost].map(([host, same]) => ({ host, paths: exact(same.flatMap((rule) => rule.paths)) }));
}
