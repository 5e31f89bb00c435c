/** An agent's part between what it is told and the kernel, on the real kernel, and what lies there. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Bed, serviceMaps, startWriter } from "../../bpf/fixture.ts";
import { type BpfObject, ClusterHealths, type ServiceMaps } from "../../bpf/index.ts";
import { endpointText } from "../../bpf/layout/address.ts";
import { decode } from "../../bpf/layout/codec.ts";
import { FrontendKey, Group, HEALTH_DRAIN_SHIFT, Image, Member } from "../../bpf/layout/generated.ts";
import { slotOf } from "../../bpf/services/frontend.ts";
import { ClusterIndexes } from "../cluster-indexes.ts";
import { KernelServices } from "../kernel-services.ts";
import { NodeTables, type NodeUpdate } from "../node-tables.ts";

/** A node of `london`, on maps of its own. */
export class KernelNode {
  maps!: ServiceMaps;
  /** Holds the numbers of clusters. */
  readonly folder = mkdtempSync(join(tmpdir(), "carrick-node-"));
  readonly failures: unknown[] = [];
  tables!: NodeTables;
  kernel!: KernelServices;
  readonly #bed: Bed;
  readonly #object: BpfObject;
  #settled = Promise.withResolvers<void>();

  private constructor(bed: Bed, object: BpfObject) {
    this.#bed = bed;
    this.#object = object;
  }

  static async start(maxEntries: Readonly<Record<string, number>> = {}): Promise<KernelNode> {
    const bed = new Bed();
    try {
      const node = new KernelNode(bed, bed.load(undefined, maxEntries));
      await node.restart();
      return node;
    } catch (error) {
      await bed[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A new agent, which has been told nothing, on what the last one left. */
  async restart(): Promise<void> {
    this.kernel?.close();
    const { publisher, maps } = await this.takeOver();
    this.maps = maps;
    this.tables = new NodeTables("london", { allowLoopback: false });
    this.kernel = new KernelServices({
      tables: this.tables,
      here: "london",
      publisher,
      healths: new ClusterHealths(maps.health),
      clusters: new ClusterIndexes(join(this.folder, "clusters")),
      onFlushed: () => this.#settled.resolve(),
      onFailure: (error) => {
        this.failures.push(error);
        this.#settled.resolve();
      },
    });
  }

  /** Another writer of the maps: the agent's own is fenced. */
  takeOver(): ReturnType<typeof startWriter> {
    return startWriter(this.#object, serviceMaps(this.#object));
  }

  /** Takes updates of a controller in one go. Throws when one is refused. */
  take(...updates: readonly NodeUpdate[]): void {
    for (const update of updates) {
      const refused = this.tables.take(update);
      if (refused !== undefined) throw new Error(refused);
    }
    this.tables.inStep();
  }

  /** What was taken is in the kernel, or has failed to get there. */
  async settle(): Promise<void> {
    this.#settled = Promise.withResolvers();
    this.kernel.update();
    await this.#settled.promise;
  }

  /** The number that the cluster has been given; undefined where it has none. */
  indexOf(cluster: string): number | undefined {
    const path = join(this.folder, "clusters");
    const line = existsSync(path) ? readFileSync(path, "utf8").split("\n").indexOf(cluster) : -1;
    return line < 0 ? undefined : line + 1;
  }

  isDrained(cluster: string): boolean {
    const index = this.indexOf(cluster);
    return index !== undefined && ((this.maps.health[index]! >> BigInt(HEALTH_DRAIN_SHIFT)) & 0xffn) === 0n;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kernel.close();
    await this.#bed[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Endpoints behind each frontend in the kernel, sorted: `10.96.0.1:80` → `1/0 10.11.1.1:8080` (cluster, tier). */
export function readServices(maps: ServiceMaps): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [key, value] of maps.frontends.entries()) {
    const { ip, port } = decode(FrontendKey, key);
    const slot = slotOf(key, value);
    if (port === 0 || slot === undefined) continue;
    found.set(endpointText(ip, port), readImage(maps, slot));
  }
  return found;
}

function readImage(maps: ServiceMaps, slot: number): string[] {
  const head = maps.head(slot);
  if (head === undefined) return [];
  const { units } = decode(Image, maps.image({ ...head, units: 1 })!.subarray(0, Image.size));
  return readGroups(maps.image({ ...head, units })!)
    .flatMap(({ cluster, tier, members }) => members.map((member) => `${cluster}/${tier} ${member}`))
    .sort();
}

export interface ReadGroup {
  readonly cluster: number;
  readonly tier: number;
  readonly weight: number;
  readonly need: number;
  /** 0: all members weigh the same. */
  readonly weightSum: number;
  /** As `10.11.1.1:8080`. */
  readonly members: readonly string[];
}

/** What the programs read of an image. */
export function readGroups(bytes: Uint8Array): ReadGroup[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { groupCount, memberOffset } = Image.read(view, 0);
  return Array.from({ length: groupCount }, (_, i) => {
    const { first, count, ...group } = Group.read(view, Image.size + i * Group.size);
    const members = Array.from({ length: count }, (_, k) => {
      const { ip, port } = Member.read(view, (memberOffset + first + k) * Member.size);
      return endpointText(ip, port);
    });
    return { ...group, members };
  });
}
