import { type ClusterName, exact, sharedData, type ServicePort, type ServiceRow } from "../model/index.ts";
import { type AddressRules, readAddress } from "./address.ts";
import { Fields, type KubeObject, shown } from "./fields.ts";
import { readMeta } from "./meta.ts";
import { readSharing } from "./sharing.ts";

const TYPES = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"] as const;
const MAX_PORTS = 200;
/** The API server's own default and bound. */
const DEFAULT_AFFINITY_SECONDS = 10_800;
const MAX_AFFINITY_SECONDS = 86_400;

/** v1 Service, without its selector: endpoints come from EndpointSlices alone. */
export function ingestService(cluster: ClusterName, object: KubeObject, rules: AddressRules): ServiceRow {
  const fields = new Fields();
  const meta = readMeta(cluster, object, fields);
  const spec = fields.object(object["spec"], "spec");
  const type = fields.text(spec["type"], "spec.type") || "ClusterIP";
  const known = TYPES.find((candidate) => candidate === type);
  if (known === undefined) fields.note("InvalidValue", "spec.type", `${shown(type)} is no type of Service.`);
  const sharing = readSharing(meta.annotations, fields);
  const affinitySeconds = readAffinity(fields, spec);
  const { namespace, name, resourceVersion } = meta.row;
  return fields.finish<ServiceRow>({
    cluster,
    namespace,
    name,
    resourceVersion,
    type: known ?? "ClusterIP",
    clusterIps: exact(readClusterIps(fields, spec, rules)),
    ports: sharedData(
      fields.list(spec["ports"], "spec.ports", MAX_PORTS).flatMap(([port, at]) => readPort(fields, port, at)),
    ),
    ...(sharing && { sharing: sharedData(sharing) }),
    ...(affinitySeconds !== undefined && { affinitySeconds }),
  });
}

/** In their canonical form; `None` of a headless Service is none. */
function readClusterIps(fields: Fields, spec: KubeObject, rules: AddressRules): string[] {
  const list = fields.list(spec["clusterIPs"], "spec.clusterIPs", 2);
  const all = list.length > 0 ? list : [[spec["clusterIP"], "spec.clusterIP"] as [unknown, string]];
  return all.flatMap(([value, at]) => {
    const text = fields.ownText(value, at);
    if (text === "" || text === "None") return [];
    const read = readAddress(text, text.includes(":") ? "IPv6" : "IPv4", rules);
    if ("address" in read) return [read.address];
    fields.note("UnsafeAddress", at, `${shown(text)} ${read.wrong}.`);
    return [];
  });
}

/** Seconds for which a client stays with its endpoint; undefined where it does not. */
function readAffinity(fields: Fields, spec: KubeObject): number | undefined {
  const affinity = fields.text(spec["sessionAffinity"], "spec.sessionAffinity") || "None";
  if (affinity === "None") return undefined;
  if (affinity !== "ClientIP") {
    fields.note("InvalidValue", "spec.sessionAffinity", `${shown(affinity)} is neither ClientIP nor None.`);
    return undefined;
  }
  const config = fields.object(spec["sessionAffinityConfig"], "spec.sessionAffinityConfig");
  const at = "spec.sessionAffinityConfig.clientIP";
  const seconds = fields.object(config["clientIP"], at)["timeoutSeconds"] ?? DEFAULT_AFFINITY_SECONDS;
  if (typeof seconds === "number" && Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_AFFINITY_SECONDS)
    return seconds;
  const most = `from 1 to ${MAX_AFFINITY_SECONDS}`;
  fields.note("InvalidValue", `${at}.timeoutSeconds`, `expected a whole number ${most}, found ${shown(seconds)}.`);
  return DEFAULT_AFFINITY_SECONDS;
}

function readPort(fields: Fields, value: unknown, at: string): ServicePort[] {
  const entry = fields.object(value, at);
  const port = fields.port(entry["port"], `${at}.port`);
  const protocol = readProtocol(fields, entry["protocol"], `${at}.protocol`);
  if (port === undefined || protocol === undefined) return [];
  const before = fields.problems.length;
  const name = fields.name(entry["name"], `${at}.name`);
  if (fields.problems.length > before) return [];
  return [{ name, port, protocol, appProtocol: fields.text(entry["appProtocol"], `${at}.appProtocol`) }];
}

export function readProtocol(fields: Fields, value: unknown, at: string): ServicePort["protocol"] | undefined {
  const protocol = fields.text(value, at) || "TCP";
  if (protocol === "TCP" || protocol === "UDP" || protocol === "SCTP") return protocol;
  fields.note("InvalidValue", at, `${shown(protocol)} is none of TCP, UDP, SCTP.`);
  return undefined;
}
