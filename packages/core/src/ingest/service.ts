import { type ClusterName, exact, sharedData, type ServicePort, type ServiceRow } from "../model/index.ts";
import { Fields, type KubeObject, shown } from "./fields.ts";
import { readMeta } from "./meta.ts";

const TYPES = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"] as const;
const MAX_PORTS = 200;

/** v1 Service, without its selector: endpoints come from EndpointSlices alone. */
export function ingestService(cluster: ClusterName, object: KubeObject): ServiceRow {
  const fields = new Fields();
  const meta = readMeta(cluster, object, fields);
  const spec = fields.object(object["spec"], "spec");
  const type = fields.text(spec["type"], "spec.type") || "ClusterIP";
  const known = TYPES.find((candidate) => candidate === type);
  if (known === undefined) fields.note("InvalidValue", "spec.type", `${shown(type)} is no type of Service.`);
  const clusterIps = fields.texts(spec["clusterIPs"], "spec.clusterIPs", 2);
  const single = fields.text(spec["clusterIP"], "spec.clusterIP");
  const { namespace, name, resourceVersion } = meta.row;
  return fields.finish<ServiceRow>({
    cluster,
    namespace,
    name,
    resourceVersion,
    type: known ?? "ClusterIP",
    clusterIps: exact((clusterIps.length > 0 ? clusterIps : [single]).filter((ip) => ip !== "" && ip !== "None")),
    ports: sharedData(
      fields.list(spec["ports"], "spec.ports", MAX_PORTS).flatMap(([port, at]) => readPort(fields, port, at)),
    ),
  });
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
