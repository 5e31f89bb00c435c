import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { createRegistry, type DescMessage, fromBinary, type MessageShape, toJson } from "@bufbuild/protobuf";
import { ClusterSchema } from "@carrick/proto/envoy/config/cluster/v3/cluster_pb.js";
import { ClusterLoadAssignmentSchema } from "@carrick/proto/envoy/config/endpoint/v3/endpoint_pb.js";
import { ListenerSchema } from "@carrick/proto/envoy/config/listener/v3/listener_pb.js";
import { RouteConfigurationSchema } from "@carrick/proto/envoy/config/route/v3/route_pb.js";
import { ScopedRouteConfigurationSchema } from "@carrick/proto/envoy/config/route/v3/scoped_route_pb.js";
import { LuaSchema } from "@carrick/proto/envoy/extensions/filters/http/lua/v3/lua_pb.js";
import { RouterSchema } from "@carrick/proto/envoy/extensions/filters/http/router/v3/router_pb.js";
import { TlsInspectorSchema } from "@carrick/proto/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.js";
import { HttpConnectionManagerSchema } from "@carrick/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js";
import { DownstreamTlsContextSchema } from "@carrick/proto/envoy/extensions/transport_sockets/tls/v3/tls_pb.js";
import { SecretSchema } from "@carrick/proto/envoy/extensions/transport_sockets/tls/v3/secret_pb.js";
import type { EdgeEnvironment, Fleet } from "./derive/index.ts";
import { absentSecret, accept, ingest, type IngestRules, type KubeObject, unseenSecret } from "./ingest/index.ts";
import {
  defineTables,
  type Kind,
  KINDS,
  objectKey,
  type ObjectRow,
  refText,
  sourceKey,
  type Tables,
} from "./model/index.ts";
import { type Base, Store } from "./store/index.ts";
import { defineEdges, type Edge, TYPE } from "./translate/index.ts";

/** Objects of Kubernetes in short, and a world that reads them: what the tests of derive, translate and explain use. */

export const FLEET: Fleet = {
  name: "public",
  classes: ["carrick"],
  controllerName: "carrick.dev/edge",
  http: { address: "::", port: 80 },
  https: { address: "::", port: 443 },
  httpsRedirect: false,
  drainMs: 60_000,
};

/** A certificate stands in tests as `cert:<names>:<serial>`, its key as `key:<serial>`. */
export const RULES: IngestRules = {
  allowLoopback: false,
  decodeBase64: (text) => Buffer.from(text, "base64").toString("utf8"),
  checkPair: (certificate, key) => {
    const [, names = "", serial = ""] = certificate.split(":");
    if (key !== `key:${serial}`) return { wrong: "the key does not belong to the certificate" };
    return { names: names.split(","), fingerprint: `${names}:${serial}`, notAfter: 4_000_000_000_000 };
  },
};

export interface IngressSpec {
  /** By host (`""`: none), paths as `/path service:port`; `=/path service:port` is Exact. */
  readonly rules?: Readonly<Record<string, readonly string[]>>;
  /** By name of the Secret. */
  readonly tls?: Readonly<Record<string, readonly string[]>>;
  readonly fallback?: string;
  /** `carrick` unless given; empty: none. */
  readonly className?: string;
  readonly annotation?: string;
  /** Day of January 2025 on which it was created: 1 unless given. */
  readonly day?: number;
}

export function ingress(name: string, spec: IngressSpec): KubeObject {
  const { rules = {}, tls = {}, fallback, className = "carrick", annotation, day = 1 } = spec;
  return {
    kind: "Ingress",
    metadata: {
      ...named(name, day),
      ...(annotation !== undefined && { annotations: { "kubernetes.io/ingress.class": annotation } }),
    },
    spec: {
      ...(className !== "" && { ingressClassName: className }),
      rules: Object.entries(rules).map(([host, paths]) => ({
        ...(host !== "" && { host }),
        http: {
          paths: paths.map((text) => {
            const [path = "", target = ""] = text.split(" ");
            const exact = path.startsWith("=");
            return {
              path: exact ? path.slice(1) : path,
              pathType: exact ? "Exact" : "Prefix",
              backend: backend(target),
            };
          }),
        },
      })),
      tls: Object.entries(tls).map(([secretName, hosts]) => ({ secretName, hosts })),
      ...(fallback !== undefined && { defaultBackend: backend(fallback) }),
    },
  };
}

function backend(target: string): KubeObject {
  const [name, port = ""] = target.split(":");
  return { service: { name, port: /^\d+$/.test(port) ? { number: Number(port) } : { name: port } } };
}

/** The same object with annotations, `global: "true"` for `carrick.dev/global`. */
export function annotated(object: KubeObject, annotations: Readonly<Record<string, string>>): KubeObject {
  const named = Object.entries(annotations).map(([name, value]) => [`carrick.dev/${name}`, value]);
  return { ...object, metadata: { ...(object["metadata"] as KubeObject), annotations: Object.fromEntries(named) } };
}

/** Ports as `name:number` or `number`. */
export function service(name: string, ports: readonly string[] = ["http:80"], type = "ClusterIP"): KubeObject {
  return {
    kind: "Service",
    metadata: named(name),
    spec: {
      type,
      ports: ports.map((port) => {
        const [first = "", second] = port.split(":");
        return second === undefined ? { port: Number(first) } : { name: first, port: Number(second) };
      }),
    },
  };
}

/** Endpoints as `address` or `address condition`; the port of the pods is 8080. */
export function slice(of: string, endpoints: readonly string[], suffix = "1", port = "http"): KubeObject {
  const [, name = ""] = of.split("/");
  return {
    kind: "EndpointSlice",
    metadata: { ...named(`${of}-${suffix}`), labels: { "kubernetes.io/service-name": name } },
    addressType: endpoints[0]?.includes(":") === true ? "IPv6" : "IPv4",
    ports: [{ name: port, port: 8080, protocol: "TCP" }],
    endpoints: endpoints.map((text, i) => {
      const [address, condition = "ready"] = text.split(" ");
      return {
        addresses: [address],
        conditions: {
          ready: condition === "ready",
          serving: condition !== "notReady",
          terminating: condition === "draining",
        },
        nodeName: "node-1",
        targetRef: { kind: "Pod", name: `${name}-${i}` },
      };
    }),
  };
}

export function secret(name: string, names: readonly string[], serial = "1", day = 1): KubeObject {
  const data = { "tls.crt": `cert:${names.join(",")}:${serial}`, "tls.key": `key:${serial}` };
  return {
    kind: "Secret",
    metadata: named(name, day),
    data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, btoa(text)])),
  };
}

export function ingressClass(name: string, controller = FLEET.controllerName, isDefault = false): KubeObject {
  const annotations = { "ingressclass.kubernetes.io/is-default-class": String(isDefault) };
  return { kind: "IngressClass", metadata: { ...named(name), annotations }, spec: { controller } };
}

export function cluster(spec: { readonly drain?: boolean; readonly weight?: number }): KubeObject {
  return { kind: "Cluster", metadata: named("self"), spec };
}

/** `namespace/name`, or the name of a cluster-wide object. */
function named(text: string, day = 1): KubeObject {
  const slash = text.indexOf("/");
  return {
    ...(slash >= 0 && { namespace: text.slice(0, slash) }),
    name: text.slice(slash + 1),
    creationTimestamp: `2025-01-${String(day).padStart(2, "0")}T00:00:00Z`,
    resourceVersion: "1",
  };
}

const SCHEMAS = {
  listener: ListenerSchema,
  routeTable: RouteConfigurationSchema,
  scope: ScopedRouteConfigurationSchema,
  cluster: ClusterSchema,
  assignment: ClusterLoadAssignmentSchema,
  secret: SecretSchema,
} satisfies Record<keyof typeof TYPE, DescMessage>;

/** What stands in `Any` fields. */
const REGISTRY = createRegistry(
  HttpConnectionManagerSchema,
  LuaSchema,
  RouterSchema,
  TlsInspectorSchema,
  DownstreamTlsContextSchema,
);

export const ENVIRONMENT: EdgeEnvironment = {
  hash: (bytes) => createHash("sha256").update(bytes).digest("hex"),
  knownClasses: FLEET.classes,
};

/** The clusters of one edge: objects go in, resources come out. */
export class TestWorld {
  readonly store = new Store();
  readonly tables: Tables = defineTables(this.store);
  readonly edge: Edge;

  constructor(known: readonly string[], fleet: Partial<Fleet> = {}) {
    [this.edge] = defineEdges(this.store, this.tables, [{ ...FLEET, ...fleet }], ENVIRONMENT) as [Edge];
    this.#commit(() => {
      for (const name of known) for (const kind of KINDS) this.#know(name, kind);
    });
  }

  know(name: string, kind: Kind, known = true): void {
    this.#commit(() => this.#know(name, kind, known));
  }

  /** Writes objects of one cluster in one commit. */
  write(name: string, ...objects: readonly KubeObject[]): void {
    this.writeAll(objects.map((object) => [name, object]));
  }

  writeAll(objects: readonly (readonly [cluster: string, object: KubeObject])[]): void {
    this.#commit(() => {
      for (const [name, object] of objects) {
        const kind = object["kind"] as Kind;
        const row: ObjectRow = ingest(kind, name, object, RULES);
        const table = this.tables[kind] as unknown as Base<ObjectRow>;
        const key = objectKey(name, row.namespace, row.name);
        table.set(key, accept(kind, table.get(key), row));
      }
    });
  }

  /** A Secret that was looked up in vain. */
  absent(name: string, namespaced: string): void {
    const [namespace = "", secretName = ""] = namespaced.split("/");
    const row = absentSecret(name, namespace, secretName);
    this.#commit(() => this.tables.Secret.set(objectKey(name, namespace, secretName), row));
  }

  /** A Secret that could not be looked up. */
  unseen(name: string, namespaced: string, why: string): void {
    const [namespace = "", secretName = ""] = namespaced.split("/");
    const key = objectKey(name, namespace, secretName);
    const row = unseenSecret(name, namespace, secretName, why);
    this.#commit(() => this.tables.Secret.set(key, accept("Secret", this.tables.Secret.get(key), row)));
  }

  remove(name: string, kind: Kind, namespaced: string): void {
    const [namespace = "", objectName = ""] = namespaced.includes("/") ? namespaced.split("/") : ["", namespaced];
    this.#commit(() => this.tables[kind].delete(objectKey(name, namespace, objectName)));
  }

  /** Driver rows that `act` makes the store compute. */
  cost(act: () => void): number {
    const before = this.store.recomputed;
    act();
    return this.store.recomputed - before;
  }

  names(type: keyof typeof TYPE): string[] {
    return [...this.edge.types.get(TYPE[type])!.table.entries()].map(([name]) => name).sort();
  }

  resource<T extends keyof typeof TYPE>(type: T, name: string): MessageShape<(typeof SCHEMAS)[T]> {
    const row = this.edge.types.get(TYPE[type])!.table.get(name);
    assert.ok(row, `no ${type} ${name}, but ${this.names(type).join(", ")}`);
    return fromBinary(SCHEMAS[type] as DescMessage, row.body) as MessageShape<(typeof SCHEMAS)[T]>;
  }

  /** As Envoy reads it from a file. */
  json(type: keyof typeof TYPE, name: string): KubeObject {
    return toJson(SCHEMAS[type] as DescMessage, this.resource(type, name), { registry: REGISTRY }) as KubeObject;
  }

  /** Versions of all resources as `<type> <name>`, with `partial` where they are. */
  versions(): Map<string, string> {
    const versions = new Map<string, string>();
    for (const [type, url] of Object.entries(TYPE)) {
      for (const [name, row] of this.edge.types.get(url)!.table.entries()) {
        versions.set(`${type} ${name}`, `${row.version}${row.partial === true ? " partial" : ""}`);
      }
    }
    return new Map([...versions].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Names of the resources that `act` adds, changes or removes, with the bytes that then leave for an Envoy. */
  changes(act: () => void): Map<string, number> {
    const before = this.versions();
    act();
    const after = this.versions();
    const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
      (key) => before.get(key) !== after.get(key),
    );
    return new Map(
      changed.map((key) => {
        const [type = "", name = ""] = key.split(" ");
        return [key, this.edge.types.get(TYPE[type as keyof typeof TYPE])!.table.get(name)?.body.length ?? 0];
      }),
    );
  }

  /** What is wrong beside other objects, as `cluster: Kind namespace/name Code path`. */
  findings(): string[] {
    return this.edge
      .findings()
      .map(({ object, problem }) => `${refText(object)} ${problem.code} ${problem.path}`)
      .sort();
  }

  #know(name: string, kind: Kind, known = true): void {
    this.tables.sources.set(sourceKey(name, kind), { cluster: name, kind, known });
  }

  #commit(write: () => void): void {
    this.store.commit(write);
    const replan = this.edge.replan(0);
    if (replan !== undefined) this.store.commit(replan);
    assert.equal(this.edge.replan(0), undefined, "a plan calls for another");
    assert.deepEqual(this.store.failures(), []);
  }
}

test("the objects of the fixture are read without a problem", () => {
  const world = new TestWorld(["london"]);
  const objects = [
    ingress("shop/web", { rules: { "shop.example": ["/ web:http", "=/x web:80"] }, tls: { cert: ["shop.example"] } }),
    service("shop/web"),
    slice("shop/web", ["10.0.0.1", "10.0.0.2 draining", "10.0.0.3 notReady"]),
    secret("shop/cert", ["shop.example"]),
    ingressClass("carrick"),
    cluster({ drain: false, weight: 2 }),
  ];
  world.write("london", ...objects);
  for (const kind of KINDS) {
    for (const [, row] of world.tables[kind].entries()) assert.equal(row.problems, undefined);
  }
  assert.deepEqual(world.findings(), []);
  assert.deepEqual(
    world.tables.EndpointSlice.get("london/shop/web-1")?.endpoints.map(({ condition }) => condition),
    ["ready", "draining", "notReady"],
  );
});
