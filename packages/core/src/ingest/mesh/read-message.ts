/** Reads what a cluster says of itself from the messages in which it travels. The sender is not trusted. */
import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import {
  Affinity as AffinityValue,
  ClusterSchema,
  Condition,
  type Endpoint as EndpointMessage,
  Protocol,
  ServiceSchema,
  type ServicePort as PortMessage,
  SliceSchema,
} from "@carrick/proto/carrick/mesh/v1/mesh_pb.js";
import ipaddr from "ipaddr.js";
import {
  type Affinity,
  type ClusterName,
  type ClusterRow,
  type Endpoint,
  type EndpointCondition,
  exact,
  sharedData,
  sharedText,
  type ServicePort,
  type ServiceRow,
  type SliceRow,
} from "../../model/index.ts";
import { type AddressRules, readAddress } from "../address.ts";
import { isName, shown } from "../fields.ts";

/** What is wrong with a message, in a clause about it: `endpoint 3: is a loopback address, which is refused`. */
export class WrongMessage extends Error {
  override readonly name = "WrongMessage";
}

const MAX_PORTS = 200;
const MAX_ENDPOINTS = 1000;
const MAX_ADDRESSES = 4;
const MAX_TEXT = 253;
const MAX_WEIGHT = 1000;
const MAX_AFFINITY_SECONDS = 86_400;

const PROTOCOLS = new Map<Protocol, ServicePort["protocol"]>([
  [Protocol.TCP, "TCP"],
  [Protocol.UDP, "UDP"],
  [Protocol.SCTP, "SCTP"],
]);

const AFFINITIES = new Map<AffinityValue, Affinity>([
  [AffinityValue.NONE, "none"],
  [AffinityValue.LOCAL, "local"],
  [AffinityValue.REMOTE, "remote"],
]);

const CONDITIONS = new Map<Condition, EndpointCondition>([
  [Condition.READY, "ready"],
  [Condition.DRAINING, "draining"],
  [Condition.NOT_READY, "notReady"],
]);

/** Each reads the resource `name`, `<cluster>` or `<cluster>/<namespace>/<object>`. Throws `WrongMessage`. */
export function readClusterMessage(name: string, body: Uint8Array): ClusterRow {
  const message = parse(ClusterSchema, body);
  if (message.name !== name) throw new WrongMessage(`speaks of cluster ${shown(message.name)}`);
  const { drain, weight } = message;
  if (weight < 1 || weight > MAX_WEIGHT)
    throw new WrongMessage(`has weight ${weight}, which is not 1 to ${MAX_WEIGHT}`);
  return { cluster: sharedText(name), namespace: "", name: "self", resourceVersion: "", drain, weight };
}

export function readServiceMessage(resource: string, body: Uint8Array, rules: AddressRules): ServiceRow {
  const message = parse(ServiceSchema, body);
  const { cluster, namespace, name } = owner(resource, message.namespace, message.name);
  const { sharing, affinitySeconds } = message;
  const affinity = sharing && AFFINITIES.get(sharing.affinity);
  if (sharing !== undefined && affinity === undefined) throw new WrongMessage(`has affinity ${sharing.affinity}`);
  if (affinitySeconds > MAX_AFFINITY_SECONDS) throw new WrongMessage(`has an affinity of ${affinitySeconds} s`);
  if (message.addresses.length > MAX_ADDRESSES) throw new WrongMessage(`has ${message.addresses.length} addresses`);
  return {
    cluster,
    namespace,
    name,
    resourceVersion: "",
    type: "ClusterIP",
    clusterIps: exact(message.addresses.map((bytes, i) => readBytes(bytes, `address ${i}`, rules))),
    ports: readPorts(message.ports).map((port) => ({ ...port, appProtocol: "" })),
    ...(sharing && affinity && { sharing: sharedData({ shared: sharing.shared, affinity }) }),
    ...(affinitySeconds > 0 && { affinitySeconds }),
  };
}

export function readSliceMessage(resource: string, body: Uint8Array, rules: AddressRules): SliceRow {
  const message = parse(SliceSchema, body);
  const { cluster, namespace, name } = owner(resource, message.namespace, message.name);
  if (!isName(message.service)) throw new WrongMessage(`has no Service, but ${shown(message.service)}`);
  if (message.endpoints.length > MAX_ENDPOINTS) throw new WrongMessage(`has ${message.endpoints.length} endpoints`);
  const endpoints = message.endpoints.map((endpoint, i) => readEndpoint(endpoint, `endpoint ${i}`, rules));
  if (new Set(endpoints.map(({ address }) => address)).size < endpoints.length) {
    throw new WrongMessage("has an address twice");
  }
  return {
    cluster,
    namespace,
    name,
    resourceVersion: "",
    service: sharedText(message.service),
    ports: sharedData(readPorts(message.ports)),
    endpoints: exact(endpoints),
  };
}

function parse<Desc extends DescMessage>(schema: Desc, body: Uint8Array): MessageShape<Desc> {
  try {
    return fromBinary(schema, body, { readUnknownFields: false });
  } catch (error) {
    throw new WrongMessage(`is no ${schema.name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The object's names, which the resource's name repeats. */
function owner(
  resource: string,
  namespace: string,
  name: string,
): { readonly cluster: ClusterName; readonly namespace: string; readonly name: string } {
  const cluster = resource.slice(0, resource.indexOf("/"));
  if (!isName(cluster) || !isName(namespace) || !isName(name) || resource !== `${cluster}/${namespace}/${name}`) {
    throw new WrongMessage(`speaks of ${shown(`${namespace}/${name}`)}`);
  }
  return { cluster: sharedText(cluster), namespace: sharedText(namespace), name: sharedText(name) };
}

function readPorts(ports: readonly PortMessage[]): Omit<ServicePort, "appProtocol">[] {
  if (ports.length > MAX_PORTS) throw new WrongMessage(`has ${ports.length} ports`);
  return ports.map(({ name, port, protocol: value }, i) => {
    const protocol = PROTOCOLS.get(value);
    if (protocol === undefined) throw new WrongMessage(`port ${i}: has protocol ${value}`);
    if (port < 1 || port > 65_535) throw new WrongMessage(`port ${i}: has number ${port}`);
    if (name !== "" && !isName(name)) throw new WrongMessage(`port ${i}: has name ${shown(name)}`);
    return { name: sharedText(name), port, protocol };
  });
}

function readEndpoint(
  { address, condition, node, zone, pod }: EndpointMessage,
  at: string,
  rules: AddressRules,
): Endpoint {
  const is = CONDITIONS.get(condition);
  if (is === undefined) throw new WrongMessage(`${at}: has condition ${condition}`);
  const text = (value: string): string => {
    if (value.length > MAX_TEXT) throw new WrongMessage(`${at}: has a text of ${value.length} characters`);
    return sharedText(value);
  };
  return { address: readBytes(address, at, rules), condition: is, node: text(node), zone: text(zone), pod: text(pod) };
}

function readBytes(bytes: Uint8Array, at: string, rules: AddressRules): string {
  if (bytes.length !== 4 && bytes.length !== 16) throw new WrongMessage(`${at}: has ${bytes.length} bytes`);
  const text = ipaddr.fromByteArray([...bytes]).toString();
  const read = readAddress(text, bytes.length === 4 ? "IPv4" : "IPv6", rules);
  if ("wrong" in read) throw new WrongMessage(`${at}: ${text} ${read.wrong}`);
  return read.address;
}
