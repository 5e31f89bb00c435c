/** Printed columns of the built-in kinds, with the headings of `kubectl get`. */
import { age } from "./age.ts";
import { at, textAt } from "./json-path.ts";
import { isJsonObject } from "./kube-object.ts";
import type { StoredObject } from "./kube-object.ts";
import type { Column } from "./resource.ts";

type Cell = (object: StoredObject, now: number) => unknown;

const NONE = "<none>";

function column(name: string, cell: Cell, more: { wide?: boolean; type?: Column["type"] } = {}): Column {
  return { name, type: more.type ?? "string", priority: more.wide === true ? 1 : 0, cell };
}

function field(name: string, path: string, more: { wide?: boolean; missing?: string } = {}): Column {
  const steps = path.split(".");
  return column(name, (object) => textAt(object, steps) ?? more.missing ?? NONE, more);
}

export const NAME: Column = { ...column("Name", (object) => object.metadata.name), format: "name" };
export const AGE: Column = column("Age", (object, now) => age(object.metadata.creationTimestamp, now));

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function joined(values: readonly unknown[], most = Infinity): string {
  if (values.length === 0) return NONE;
  const shown = values.slice(0, most).map(String).join(",");
  return values.length > most ? `${shown} + ${values.length - most} more...` : shown;
}

function fieldOf(value: unknown, ...path: readonly string[]): string {
  return textAt(value, path) ?? "";
}

function ready(conditions: unknown): boolean {
  return list(conditions).some((one) => fieldOf(one, "type") === "Ready" && fieldOf(one, "status") === "True");
}

function nodeStatus(node: StoredObject): string {
  const conditions = at(node, ["status", "conditions"]);
  const known = list(conditions).some((one) => fieldOf(one, "type") === "Ready");
  const state = known ? (ready(conditions) ? "Ready" : "NotReady") : "Unknown";
  return at(node, ["spec", "unschedulable"]) === true ? `${state},SchedulingDisabled` : state;
}

function nodeRoles(node: StoredObject): string {
  const prefix = "node-role.kubernetes.io/";
  const roles = Object.keys(node.metadata.labels ?? {}).filter((label) => label.startsWith(prefix));
  return joined(roles.map((label) => label.slice(prefix.length)).sort());
}

function nodeAddress(type: string): Cell {
  return (node) => {
    const found = list(at(node, ["status", "addresses"])).find((one) => fieldOf(one, "type") === type);
    return found === undefined ? NONE : fieldOf(found, "address");
  };
}

function containerStatuses(pod: StoredObject): readonly unknown[] {
  return list(at(pod, ["status", "containerStatuses"]));
}

function podReady(pod: StoredObject): string {
  const up = containerStatuses(pod).filter((one) => at(one, ["ready"]) === true).length;
  return `${up}/${list(at(pod, ["spec", "containers"])).length}`;
}

function podStatus(pod: StoredObject): string {
  if (at(pod, ["metadata", "deletionTimestamp"]) !== undefined) return "Terminating";
  const waiting = containerStatuses(pod)
    .map((one) => fieldOf(one, "state", "waiting", "reason"))
    .find((reason) => reason !== "");
  return waiting ?? textAt(pod, ["status", "reason"]) ?? textAt(pod, ["status", "phase"]) ?? "Unknown";
}

function restarts(pod: StoredObject): number {
  return containerStatuses(pod).reduce<number>((sum, one) => sum + Number(fieldOf(one, "restartCount")), 0);
}

function servicePort(port: unknown): string {
  const nodePort = textAt(port, ["nodePort"]);
  const protocol = textAt(port, ["protocol"]) ?? "TCP";
  return `${fieldOf(port, "port")}${nodePort === undefined ? "" : `:${nodePort}`}/${protocol}`;
}

function loadBalancer(object: StoredObject): string[] {
  const points = list(at(object, ["status", "loadBalancer", "ingress"]));
  return points.map((point) => textAt(point, ["ip"]) ?? fieldOf(point, "hostname"));
}

function externalIp(service: StoredObject): string {
  const type = textAt(service, ["spec", "type"]);
  if (type === "ExternalName") return textAt(service, ["spec", "externalName"]) ?? NONE;
  const own = list(at(service, ["spec", "externalIPs"]));
  const given = type === "LoadBalancer" ? loadBalancer(service) : [];
  if (type === "LoadBalancer" && own.length + given.length === 0) return "<pending>";
  return joined([...given, ...own]);
}

function labelText(value: unknown): string {
  return isJsonObject(value) ? joined(Object.entries(value).map(([key, text]) => `${key}=${String(text)}`)) : NONE;
}

function ingressHosts(ingress: StoredObject): string {
  const hosts = list(at(ingress, ["spec", "rules"])).map((rule) => textAt(rule, ["host"]) ?? "*");
  return hosts.length === 0 ? "*" : joined(hosts, 3);
}

function ingressPorts(ingress: StoredObject): string {
  return list(at(ingress, ["spec", "tls"])).length > 0 ? "80, 443" : "80";
}

function slicePorts(slice: StoredObject): string {
  const ports = list(at(slice, ["ports"])).map((port) => textAt(port, ["port"]) ?? "*");
  return ports.length === 0 ? "<unset>" : joined(ports, 3);
}

function sliceEndpoints(slice: StoredObject): string {
  const addresses = list(at(slice, ["endpoints"])).flatMap((one) => list(at(one, ["addresses"])));
  return addresses.length === 0 ? "<unset>" : joined(addresses, 3);
}

function size(...path: readonly string[]): Cell {
  return (object) => {
    const value = at(object, path);
    return isJsonObject(value) ? Object.keys(value).length : list(value).length;
  };
}

function eventAge(event: StoredObject, now: number): string {
  const seen = textAt(event, ["lastTimestamp"]) ?? textAt(event, ["eventTime"]) ?? event.metadata.creationTimestamp;
  return age(seen, now);
}

function eventObject(event: StoredObject): string {
  const object = at(event, ["involvedObject"]);
  return `${fieldOf(object, "kind").toLowerCase()}/${fieldOf(object, "name")}`;
}

export const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  namespaces: [NAME, field("Status", "status.phase", { missing: "Active" }), AGE],
  nodes: [
    NAME,
    column("Status", nodeStatus),
    column("Roles", nodeRoles),
    AGE,
    field("Version", "status.nodeInfo.kubeletVersion", { missing: "" }),
    column("Internal-IP", nodeAddress("InternalIP"), { wide: true }),
    column("External-IP", nodeAddress("ExternalIP"), { wide: true }),
  ],
  pods: [
    NAME,
    column("Ready", podReady),
    column("Status", podStatus),
    column("Restarts", restarts, { type: "integer" }),
    AGE,
    field("IP", "status.podIP", { wide: true }),
    field("Node", "spec.nodeName", { wide: true }),
  ],
  services: [
    NAME,
    field("Type", "spec.type", { missing: "ClusterIP" }),
    field("Cluster-IP", "spec.clusterIP"),
    column("External-IP", externalIp),
    column("Port(s)", (object) => joined(list(at(object, ["spec", "ports"])).map(servicePort))),
    AGE,
    column("Selector", (object) => labelText(at(object, ["spec", "selector"])), { wide: true }),
  ],
  endpointslices: [
    NAME,
    field("AddressType", "addressType"),
    column("Ports", slicePorts),
    column("Endpoints", sliceEndpoints),
    AGE,
  ],
  ingresses: [
    NAME,
    field("Class", "spec.ingressClassName"),
    column("Hosts", ingressHosts),
    column("Address", (object) => loadBalancer(object).join(",")),
    column("Ports", ingressPorts),
    AGE,
  ],
  ingressclasses: [
    NAME,
    field("Controller", "spec.controller"),
    column("Parameters", (object) => {
      const parameters = at(object, ["spec", "parameters"]);
      return parameters === undefined ? NONE : `${fieldOf(parameters, "kind")}/${fieldOf(parameters, "name")}`;
    }),
    AGE,
  ],
  secrets: [NAME, field("Type", "type", { missing: "Opaque" }), column("Data", size("data"), { type: "integer" }), AGE],
  configmaps: [NAME, column("Data", size("data"), { type: "integer" }), AGE],
  serviceaccounts: [NAME, AGE],
  leases: [NAME, field("Holder", "spec.holderIdentity", { missing: "" }), AGE],
  events: [
    column("Last Seen", eventAge),
    field("Type", "type"),
    field("Reason", "reason"),
    column("Object", eventObject),
    field("Message", "message"),
    { ...NAME, priority: 1 },
  ],
  customresourcedefinitions: [
    NAME,
    { ...column("Created At", (object) => object.metadata.creationTimestamp), type: "date" },
  ],
};
