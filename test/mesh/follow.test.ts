/** What a node does with a controller that says what cannot be: a real stream, and a server that says what the test wants. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test, type TestContext } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  Affinity,
  KnowledgeSchema,
  Protocol,
  ServiceSchema,
  SliceSchema,
} from "@carrick/proto/carrick/mesh/v1/mesh_pb.js";
import { MESH_TYPE } from "@carrick/core/translate/mesh";
import { TableView } from "@carrick/testing";
import { startXdsServer } from "@carrick/xds";
import { follow, type Following } from "../../packages/agent/src/mesh/follow.ts";
import { NodeTables, type NodeUpdate } from "../../packages/agent/src/mesh/node-tables.ts";
import { controllerName, createAuthority, nodeName } from "../../packages/lab/src/trust/index.ts";
import { DOMAIN } from "../e2e/replica.ts";
import { waiting } from "../e2e/waiting.ts";

const until = waiting(() => "");

interface Followed {
  readonly tables: NodeTables;
  readonly following: Following;
  /** What was said of updates that were refused. */
  readonly refused: string[];
  /** Times that the tables have changed, or were in step again. */
  readonly changes: () => number;
  readonly say: (...updates: readonly NodeUpdate[]) => void;
  readonly endpoints: () => string[];
}

async function followed(t: TestContext): Promise<Followed> {
  const authority = await createAuthority("mesh");
  const material = async (uri: string) => {
    const { certPem, keyPem } = await authority.issue({ uris: [uri] });
    return { certificate: certPem, key: keyPem, authority: authority.certPem };
  };
  const view = new TableView(Object.values(MESH_TYPE));
  const resources = (update: NodeUpdate) =>
    new Map(
      update.resources.map(({ name, body }) => {
        const version = createHash("sha256").update(body).digest("hex");
        return [name, { name, version, body }] as const;
      }),
    );
  const say = (...updates: readonly NodeUpdate[]) => {
    for (const update of updates) view.change(new Map([[update.type, resources(update)]]));
  };
  // A mark for each time that a node may ask.
  const marks = Array.from({ length: 20 }, (_, i) => ({ name: String(i), body: new Uint8Array() }));
  say({ type: MESH_TYPE.sync, resources: marks, removed: [] });
  const own = await material(controllerName(DOMAIN, "london"));
  const listen = { address: "127.0.0.1", port: 0 };
  const server = await startXdsServer({ listen, domain: DOMAIN, tls: () => own, view: () => view });
  t.after(() => server.close(0));
  const tables = new NodeTables("london", { allowLoopback: false });
  const refused: string[] = [];
  let changes = 0;
  const node = await material(nodeName(DOMAIN, "london", "n1"));
  const following = follow({
    cluster: "london",
    servers: [server.address],
    domain: DOMAIN,
    tls: () => node,
    tables,
    onChange: () => void changes++,
    onRefused: (sentence) => void refused.push(sentence),
  });
  t.after(() => following.close());
  const endpoints = () =>
    [...tables.images.entries()].flatMap(([, { groups }]) =>
      groups.flatMap((group) => group.endpoints.map(({ address }) => address)),
    );
  return { tables, following, refused, changes: () => changes, say, endpoints };
}

function resourceOf(type: string, name: string, body: Uint8Array): NodeUpdate {
  return { type, resources: [{ name, body }], removed: [] };
}

/** A Service of `london`, the last byte of its address given. */
function serviceOf(name: string, last: number): NodeUpdate {
  const ports = [{ name: "http", port: 80, protocol: Protocol.TCP }];
  const sharing = { shared: true, affinity: Affinity.NONE };
  const addresses = [Uint8Array.of(10, 96, 0, last)];
  const message = create(ServiceSchema, { namespace: "shop", name, ports, addresses, sharing });
  return resourceOf(MESH_TYPE.service, `london/shop/${name}`, toBinary(ServiceSchema, message));
}

function sliceOf(service: string, ...address: readonly number[]): NodeUpdate {
  const ports = [{ name: "http", port: 8080, protocol: Protocol.TCP }];
  const endpoints = [{ address: Uint8Array.from(address) }];
  const message = create(SliceSchema, { namespace: "shop", name: `${service}-1`, service, ports, endpoints });
  return resourceOf(MESH_TYPE.slice, `london/shop/${service}-1`, toBinary(SliceSchema, message));
}

const KNOWN = resourceOf(
  MESH_TYPE.knowledge,
  "london",
  toBinary(KnowledgeSchema, create(KnowledgeSchema, { cluster: "london", known: true })),
);
const CART = [serviceOf("cart", 1), sliceOf("cart", 10, 11, 1, 1)];
const BAD = sliceOf("cart", 127, 0, 0, 1);

test("a node is in step when it has taken everything, and knows its cluster by the controller's word", async (t) => {
  const { tables, following, say, endpoints, refused } = await followed(t);
  say(...CART, KNOWN);
  await until("it knows its cluster", () => tables.complete && following.inStep);
  assert.deepEqual(endpoints(), ["10.11.1.1"]);
  say(sliceOf("cart", 10, 11, 1, 2));
  await until("it takes a change", () => endpoints().join() === "10.11.1.2");
  assert.deepEqual(refused, []);
});

test("what is wrong is refused by its name, what was known of it stays, and its neighbours arrive", async (t) => {
  const { tables, say, endpoints, refused, following } = await followed(t);
  say(...CART, KNOWN);
  await until("it knows its cluster", () => tables.complete && following.inStep);
  say(serviceOf("tea", 2), { ...BAD, resources: [...BAD.resources, ...sliceOf("tea", 10, 11, 1, 7).resources] });
  await until("the neighbour arrives", () => endpoints().includes("10.11.1.7"));
  assert.ok(endpoints().includes("10.11.1.1"), "what was known stays");
  assert.ok(refused.length > 0);
  for (const sentence of refused) assert.match(sentence, /^london\/shop\/cart-1: endpoint 0: .*loopback/);
  say(sliceOf("cart", 10, 11, 1, 3));
  await until("it is taken once it is right", () => endpoints().includes("10.11.1.3"));
});

test("an update that is refused is no change", async (t) => {
  const { say, refused, changes, following } = await followed(t);
  await until("it is in step", () => following.inStep);
  const before = changes();
  say(BAD);
  await until("it is refused", () => refused.length > 0);
  assert.equal(changes(), before);
});
