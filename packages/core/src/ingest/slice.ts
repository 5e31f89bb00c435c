import {
  type ClusterName,
  type Endpoint,
  type EndpointCondition,
  exact,
  type SlicePort,
  type SliceRow,
  sharedData,
} from "../model/index.ts";
import { type AddressRules, readAddress } from "./address.ts";
import { Fields, type KubeObject, shown } from "./fields.ts";
import { readMeta } from "./meta.ts";
import { readProtocol } from "./service.ts";

/** The API server's own bounds. */
const MAX_ENDPOINTS = 1000;
const MAX_PORTS = 100;

/** discovery.k8s.io/v1 EndpointSlice. An endpoint that is wrong is left out; the others stand. */
export function ingestSlice(cluster: ClusterName, object: KubeObject, rules: AddressRules): SliceRow {
  const fields = new Fields();
  const meta = readMeta(cluster, object, fields);
  const family = fields.text(object["addressType"], "addressType");
  const endpoints: Endpoint[] = [];
  if (family === "IPv4" || family === "IPv6") {
    const seen = new Set<string>();
    for (const [value, at] of fields.list(object["endpoints"], "endpoints", MAX_ENDPOINTS)) {
      const endpoint = readEndpoint(fields, value, at, family, rules);
      if (endpoint === undefined) continue;
      if (seen.has(endpoint.address)) fields.note("InvalidValue", at, `${endpoint.address} stands in the slice twice.`);
      else endpoints.push(endpoint);
      seen.add(endpoint.address);
    }
  } else
    fields.note(
      "InvalidValue",
      "addressType",
      `${shown(family)} is neither IPv4 nor IPv6; its endpoints are not used.`,
    );
  const { namespace, name, resourceVersion } = meta.row;
  return fields.finish<SliceRow>({
    cluster,
    namespace,
    name,
    resourceVersion,
    service: fields.name(meta.labels["kubernetes.io/service-name"], "metadata.labels"),
    ports: sharedData(
      fields.list(object["ports"], "ports", MAX_PORTS).flatMap(([port, at]) => readPort(fields, port, at)),
    ),
    endpoints: exact(endpoints),
  });
}

function readPort(fields: Fields, value: unknown, at: string): SlicePort[] {
  const entry = fields.object(value, at);
  const protocol = readProtocol(fields, entry["protocol"], `${at}.protocol`);
  const port = fields.port(entry["port"], `${at}.port`);
  return port === undefined || protocol === undefined
    ? []
    : [{ name: fields.name(entry["name"], `${at}.name`), port, protocol }];
}

function readEndpoint(
  fields: Fields,
  value: unknown,
  at: string,
  family: "IPv4" | "IPv6",
  rules: AddressRules,
): Endpoint | undefined {
  const entry = fields.object(value, at);
  // Consumers take the first address only (EndpointSlice API: "clients should use the first").
  const [text] = fields.texts(entry["addresses"], `${at}.addresses`, 100);
  const read = text === undefined ? { wrong: "has no address" } : readAddress(text, family, rules);
  if ("wrong" in read) {
    const what = text === undefined ? "the endpoint" : shown(text);
    fields.note("UnsafeAddress", `${at}.addresses[0]`, `${what} ${read.wrong}.`);
    return undefined;
  }
  const target = fields.object(entry["targetRef"], `${at}.targetRef`);
  return {
    address: read.address,
    condition: readCondition(fields.object(entry["conditions"], `${at}.conditions`)),
    node: fields.text(entry["nodeName"], `${at}.nodeName`),
    zone: fields.text(entry["zone"], `${at}.zone`),
    pod: target["kind"] === "Pod" ? fields.text(target["name"], `${at}.targetRef.name`) : "",
  };
}

/** An unknown `ready` means ready, an unknown `serving` means `ready`, an unknown `terminating` means no (API reference). */
function readCondition(conditions: KubeObject): EndpointCondition {
  const ready = conditions["ready"] ?? true;
  if (ready === true && conditions["terminating"] !== true) return "ready";
  const serving = conditions["serving"] ?? ready;
  return conditions["terminating"] === true && serving === true ? "draining" : "notReady";
}
