import assert from "node:assert/strict";
import { test } from "node:test";
import { Affinity } from "@carrick/proto/carrick/mesh/v1/mesh_pb.js";
import * as fc from "fast-check";
import { clusterOf, knowledge, serviceOf, sliceOf } from "../fixture.ts";
import { NodeTables, type NodeUpdate } from "../node-tables.ts";
import { KernelNode, readServices } from "./fixture.ts";

/** Whatever clusters do, in whatever order a node hears of it, and however often its agent starts again. */

const CLUSTERS = ["london", "oslo", "paris"] as const;
const SERVICES = ["cart", "tea"] as const;
/** Some are of both Services at times: then the first by name has it. */
const ADDRESSES = ["10.96.0.1", "10.96.0.2", "10.96.0.3"] as const;
type Cluster = (typeof CLUSTERS)[number];

const cluster = fc.constantFrom(...CLUSTERS);
const name = fc.constantFrom(...SERVICES);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("slice" as const), cluster, name, endpoints: fc.subarray([1, 2, 3]) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("service" as const),
      cluster,
      name,
      address: fc.constantFrom(...ADDRESSES),
      affinity: fc.constantFrom(Affinity.NONE, Affinity.LOCAL),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("removal" as const), cluster, name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("drain" as const), cluster, drain: fc.boolean() }) },
  // Its own cluster a node mostly hears of first.
  { weight: 4, arbitrary: fc.constant({ kind: "hear" as const, cluster: "london" as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("hear" as const), cluster }) },
  { weight: 6, arbitrary: fc.constant({ kind: "settle" as const }) },
  { weight: 3, arbitrary: fc.constant({ kind: "restart" as const }) },
);
type Name = (typeof SERVICES)[number];
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The updates by which a cluster says all that it is, by the resource that each is about. */
class World {
  readonly #resources = new Map<Cluster, Map<string, NodeUpdate>>(CLUSTERS.map((name) => [name, new Map()]));

  set(cluster: Cluster, about: string, update: NodeUpdate): void {
    this.#resources.get(cluster)!.set(about, update);
  }

  delete(cluster: Cluster, about: string): NodeUpdate | undefined {
    const resources = this.#resources.get(cluster)!;
    const last = resources.get(about);
    resources.delete(about);
    return last && { ...last, resources: [], removed: last.resources.map(({ name }) => name) };
  }

  all(cluster: Cluster): NodeUpdate[] {
    return [...this.#resources.get(cluster)!.values(), knowledge(cluster, true)];
  }
}

/** By the tables of a node that has heard everything at once. */
function wanted(world: World, node: KernelNode): Map<string, string[]> {
  const tables = new NodeTables("london", { allowLoopback: false });
  for (const cluster of CLUSTERS) for (const update of world.all(cluster)) assert.equal(tables.take(update), undefined);
  tables.inStep();
  const served = new Map<string, string[]>();
  for (const [, { address, port, image }] of tables.frontends.entries()) {
    if (image === undefined) continue;
    const members = tables.images
      .get(image)!
      .groups.flatMap(({ cluster, priority, endpoints }) =>
        endpoints.map((end) => `${node.indexOf(cluster)}/${priority} ${end.address}:${end.port}`),
      );
    served.set(`${address}:${port}`, members.sort());
  }
  return served;
}

/** `10.11.0.1` of `1/0 10.11.0.1:8080`. */
function addressOf(member: string): string {
  return member.slice(member.indexOf(" ") + 1, member.lastIndexOf(":"));
}

class History {
  readonly #node: KernelNode;
  readonly #world = new World();
  readonly #drained = new Set<Cluster>();
  /** Of the Services of `london`. */
  readonly #addresses = new Map<Name, string>();
  /** Clusters that the present agent has heard. */
  #heard = new Set<Cluster>();
  /** Endpoints that were served before the present agent, and are wanted since. */
  #before = new Map<string, string[]>();
  #drainedBefore = new Set<Cluster>();

  constructor(node: KernelNode) {
    this.#node = node;
  }

  /** Two Services with endpoints everywhere, and a node that knows them. */
  async begin(): Promise<void> {
    for (const [i, name] of SERVICES.entries()) {
      for (const cluster of CLUSTERS) {
        await this.act({ kind: "service", cluster, name, address: ADDRESSES[i]!, affinity: Affinity.NONE });
        await this.act({ kind: "slice", cluster, name, endpoints: [1, 2, 3] });
      }
    }
    await this.end();
  }

  async act(step: Step): Promise<void> {
    switch (step.kind) {
      case "slice": {
        const [a, b] = [CLUSTERS.indexOf(step.cluster) + 11, SERVICES.indexOf(step.name)];
        const endpoints = step.endpoints.map((n) => `10.${a}.${b}.${n}`);
        this.#say(step.cluster, `slice ${step.name}`, sliceOf(step.cluster, endpoints, step.name));
        // An endpoint that went may stay for a while, one that is there must not go.
        for (const [at, members] of this.#before) {
          const gone = (member: string) => member.startsWith(`10.${a}.${b}.`) && !endpoints.includes(member);
          this.#before.set(
            at,
            members.filter((member) => !gone(member)),
          );
        }
        break;
      }
      case "service": {
        const { cluster, name, affinity } = step;
        const addresses = cluster === "london" ? [step.address] : [];
        this.#say(cluster, `service ${name}`, serviceOf(cluster, { name, addresses, affinity }));
        if (cluster === "london") this.#move(name, step.address);
        else this.#forget(this.#addresses.get(name));
        break;
      }
      case "removal": {
        const update = this.#world.delete(step.cluster, `service ${step.name}`);
        if (update !== undefined && this.#heard.has(step.cluster)) this.#node.take(update);
        if (step.cluster === "london") this.#move(step.name, undefined);
        else this.#forget(this.#addresses.get(step.name));
        break;
      }
      case "drain":
        if (step.drain) this.#drained.add(step.cluster);
        else this.#drained.delete(step.cluster);
        this.#drainedBefore.delete(step.cluster);
        this.#say(step.cluster, "cluster", clusterOf(step.cluster, { drain: step.drain }));
        break;
      case "hear":
        this.#heard.add(step.cluster);
        this.#node.take(...this.#world.all(step.cluster));
        break;
      case "settle":
        await this.check();
        break;
      case "restart":
        await this.#node.settle();
        await this.#node.restart();
        this.#before = this.#servedAndWanted();
        this.#drainedBefore = new Set(CLUSTERS.filter((name) => this.#drained.has(name) && this.#node.isDrained(name)));
        this.#heard = new Set();
        // As the first word of a controller: which clusters there are.
        this.#node.take(...CLUSTERS.map((name) => knowledge(name, false)));
        break;
    }
  }

  /** In the end everything is heard. */
  async end(): Promise<void> {
    for (const cluster of CLUSTERS) await this.act({ kind: "hear", cluster });
    await this.check();
  }

  async check(): Promise<void> {
    await this.#node.settle();
    assert.deepEqual(this.#node.failures, []);
    const there = readServices(this.#node.maps);
    for (const [at, members] of this.#before) {
      const served = there.get(at)?.map(addressOf);
      for (const member of members) assert.ok(served?.includes(member), `${member} is served on at ${at}`);
    }
    for (const name of this.#drainedBefore) assert.equal(this.#node.isDrained(name), true, `${name} stays drained`);
    if (this.#heard.size < CLUSTERS.length) return;
    assert.deepEqual(there, wanted(this.#world, this.#node));
    for (const name of CLUSTERS) assert.equal(this.#node.isDrained(name), this.#drained.has(name), name);
    assert.equal(this.#node.kernel.conditions.size, 0);
  }

  #servedAndWanted(): Map<string, string[]> {
    const meant = wanted(this.#world, this.#node);
    const served = [...readServices(this.#node.maps)].map(([at, members]): [string, string[]] => {
      const still = new Set(meant.get(at)?.map(addressOf));
      return [at, members.map(addressOf).filter((address) => still.has(address))];
    });
    return new Map(served);
  }

  #say(cluster: Cluster, about: string, update: NodeUpdate): void {
    this.#world.set(cluster, about, update);
    if (this.#heard.has(cluster)) this.#node.take(update);
  }

  #move(name: Name, to: string | undefined): void {
    this.#forget(this.#addresses.get(name));
    this.#forget(to);
    if (to === undefined) this.#addresses.delete(name);
    else this.#addresses.set(name, to);
  }

  /** What is served at an address may be another's now, or less. */
  #forget(address: string | undefined): void {
    this.#before.delete(`${address}:80`);
  }
}

test("what was served is served on until more is known, and in the end the kernel holds what is wanted", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      await using node = await KernelNode.start();
      const history = new History(node);
      await history.begin();
      for (const step of steps) await history.act(step);
      await history.end();
    }),
    { seed: 42, numRuns: 40, endOnFailure: true },
  );
});
