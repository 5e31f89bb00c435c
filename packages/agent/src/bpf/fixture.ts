/** A place for the datapath's tests: a network namespace, a cgroup, pins, and processes in them. Nothing of it stays. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, openSync, readdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import {
  addressBytes,
  attachSocketPrograms,
  BpfMap,
  BpfObject,
  cgroup2Root,
  ClusterHealths,
  ensureBpfFilesystem,
  type Frontend,
  type GroupDescription,
  loadPinned,
  type Member,
  Ownership,
  type Protocol,
  Publisher,
  type ServiceDescription,
  ServiceMaps,
  type SocketProgram,
  ticksNow,
  uninstall,
} from "./index.ts";
import { BPF_FILESYSTEM } from "./kernel/bpf-filesystem.ts";
import { rewrite } from "./kernel/grace.ts";
import { libbpf } from "./kernel/libbpf.ts";
import { mapMemory } from "./kernel/memory.ts";
import { BUILD, compile, ROOT, testProgram } from "./test-program.ts";

const PREFIX = "cr-bpf-";
const NAMESPACES = "/run/netns";
const SHARED = "/dev/shm";

export const SOCK_OBJECT = join(BUILD, "sock.bpf.o");
export const POD_OBJECT = join(BUILD, "pod.bpf.o");

/** The socket programs, built to be held between their reads (race.h). */
export function raceObject(): string {
  const output = join(BUILD, "tests/sock.race.bpf.o");
  const source = join(ROOT, "datapath/bpf/sock.bpf.c");
  const include = join(ROOT, "datapath/include");
  const headers = readdirSync(include).map((name) => join(include, name));
  const flags = ["-O2", "-g", "-target", "bpf", "-mcpu=v3", "-I/usr/include/x86_64-linux-gnu", "-DCARRICK_RACE", "-c"];
  compile(output, [source, ...headers], "clang", [...flags, source]);
  return output;
}

export class Bed {
  static #count = 0;
  readonly name: string;
  readonly cgroup: string;
  readonly folder: string;
  readonly #children = new Set<ChildProcess>();
  readonly #objects: BpfObject[] = [];

  /** 10.1.0.0/22 and fd00:1::/64 are local; 10.96.0.0/16 and fd00:96::/64 are routed, and nobody is there. */
  constructor() {
    ensureBpfFilesystem();
    sweep();
    this.name = `${PREFIX}${process.pid}-${Bed.#count++}`;
    this.cgroup = join(cgroup2Root(), this.name);
    this.folder = join(BPF_FILESYSTEM, this.name);
    try {
      this.#make();
    } catch (error) {
      remove(this.name);
      throw error;
    }
  }

  #make(): void {
    mkdirSync(this.cgroup);
    execFileSync("ip", ["netns", "add", this.name]);
    const lines = [
      "link set lo up",
      "route add local 10.1.0.0/22 dev lo",
      "route add local 10.96.0.0/16 dev lo",
      "route add local fd00:1::/64 dev lo",
      "route add local fd00:96::/64 dev lo",
    ];
    execFileSync("ip", ["-n", this.name, "-batch", "-"], { input: lines.join("\n") });
  }

  /** Loads the socket programs with pins in this bed's folder. */
  load(object = SOCK_OBJECT, maxEntries: Readonly<Record<string, number>> = {}): BpfObject {
    const loaded = loadPinned({ path: object, folder: this.folder, maxEntries });
    this.#objects.push(loaded);
    return loaded;
  }

  attach(object: BpfObject, programs?: readonly SocketProgram[]): void {
    for (const { error } of attachSocketPrograms(object, this.cgroup, this.folder, programs))
      if (error !== undefined) throw error;
  }

  /** A process in the namespace, and in the cgroup unless it is to be out of the programs' reach. */
  spawn(command: string, args: readonly string[], inCgroup = true, namespace = this.name): ChildProcess {
    const enter = inCgroup ? `echo $$ > ${this.cgroup}/cgroup.procs && ` : "";
    const script = `${enter}exec nsenter --net=/run/netns/${namespace} setpriv --pdeathsig KILL -- "$@"`;
    const child = spawn("sh", ["-c", script, "sh", command, ...args], { stdio: ["pipe", "pipe", "inherit"] });
    this.#children.add(child);
    return child;
  }

  async stop(child: ChildProcess): Promise<void> {
    this.#children.delete(child);
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  }

  /** Backends that say which of them was reached. */
  async echo(...endpoints: readonly string[]): Promise<void> {
    const child = this.spawn(
      testProgram("echo"),
      endpoints.flatMap((endpoint) => endpoint.split(" ")),
      false,
    );
    const { done } = await createInterface({ input: child.stdout! })[Symbol.asyncIterator]().next();
    if (done === true) throw new Error("the backends ended before they were ready");
  }

  /** A client; of another bed's namespace, when that is given. */
  dial(other: Bed = this): Dial {
    return new Dial(this.spawn(testProgram("dial"), [], true, other.name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) await this.stop(child);
    for (const object of this.#objects) object.close();
    remove(this.name);
  }
}

/** What a run that was killed has left behind. */
function sweep(): void {
  for (const folder of [cgroup2Root(), BPF_FILESYSTEM, NAMESPACES, SHARED].filter((folder) => existsSync(folder)))
    for (const entry of readdirSync(folder)) {
      const [name, pid] = /^cr-bpf-(\d+)-\d+/.exec(entry) ?? [];
      if (name !== undefined && !existsSync(`/proc/${pid}`)) remove(name);
    }
}

function remove(name: string): void {
  uninstall(join(BPF_FILESYSTEM, name));
  if (existsSync(join(NAMESPACES, name))) execFileSync("ip", ["netns", "del", name]);
  const cgroup = join(cgroup2Root(), name);
  if (existsSync(cgroup)) rmdirSync(cgroup);
  for (const entry of readdirSync(SHARED)) if (entry.startsWith(`${name}.`)) rmSync(join(SHARED, entry));
}

/** A client that does what it is told (dial.c). */
export class Dial {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #next = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    const lines: Interface = createInterface({ input: child.stdout! });
    this.#lines = lines[Symbol.asyncIterator]();
  }

  async ask(command: string): Promise<string> {
    this.#child.stdin!.write(`${command}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`the client ended at: ${command}`);
    return value;
  }

  async open(kind: string): Promise<number> {
    const id = this.#next++;
    await this.ask(`open ${id} ${kind}`);
    return id;
  }

  /** How often each peer, or error, was met. */
  async spread(count: number, kind: string, to: string): Promise<Map<string, number>> {
    const line = await this.ask(`spread ${count} ${kind} ${to}`);
    return new Map(
      line.split(", ").map((part) => {
        const at = part.lastIndexOf(" ");
        return [part.slice(0, at), Number(part.slice(at + 1))];
      }),
    );
  }
}

/** A page that a test shares with `churn.c`. */
export class Clock {
  readonly path: string;
  readonly words: Uint32Array;

  constructor(name: string) {
    this.path = join(SHARED, name);
    writeFileSync(this.path, new Uint8Array(4096));
    this.words = new Uint32Array(mapMemory(this.path, openSync(this.path, "r+"), 4096));
  }

  /** Between two calls either set is right; after each, one. */
  tick(): void {
    Atomics.add(this.words, 0, 1);
  }

  /** Odd while a change is made. */
  get now(): number {
    return Atomics.load(this.words, 0);
  }

  get connects(): number {
    return Atomics.load(this.words, 2);
  }

  /** Resolves when the client has made as many more connects. */
  async passes(connects: number): Promise<void> {
    for (const from = this.connects; this.connects < from + connects;)
      await new Promise((resolve) => setImmediate(resolve));
  }

  /** What the client met until now does not count: there was no service yet. Resolves when it has started anew. */
  async forget(): Promise<void> {
    Atomics.store(this.words, 3, 1);
    while (Atomics.load(this.words, 3) !== 0) await new Promise((resolve) => setImmediate(resolve));
  }

  stop(): void {
    Atomics.store(this.words, 1, 1);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { force: true });
  }
}

export interface Churned {
  readonly connects: number;
  readonly failed: number;
  readonly error: string;
  readonly checked: number;
  readonly wrong: number;
  readonly a: number;
  readonly b: number;
  readonly itself: number;
  readonly other: number;
}

/** Connects to 10.96.0.1:80 and calls `change` all the while, until there were `connects` and at least once. */
export async function churn(
  bed: Bed,
  protocol: "tcp" | "udp",
  connects: number,
  change: (clock: Clock) => Promise<void>,
): Promise<Churned> {
  using clock = new Clock(`${bed.name}.${protocol}`);
  const child = bed.spawn(testProgram("churn"), [clock.path, "10.96.0.1", "80", protocol]);
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  await lines.next();
  try {
    do {
      await change(clock);
      await new Promise((resolve) => setImmediate(resolve));
      if (child.exitCode !== null) throw new Error(`the client ended with ${child.exitCode}`);
    } while (clock.connects < connects);
    clock.stop();
    const { value } = await lines.next();
    return JSON.parse(String(value)) as Churned;
  } finally {
    clock.stop();
    await bed.stop(child);
  }
}

export interface Writer {
  readonly maps: ServiceMaps;
  readonly publisher: Publisher;
  readonly health: ClusterHealths;
}

/** The service map with its writer; `maps` may be another kind of maps, for negative controls. */
export async function startWriter(object: BpfObject, maps = serviceMaps(object)): Promise<Writer> {
  const publisher = await Publisher.open(maps, new Ownership(maps.owner), ticksNow);
  return { maps, publisher, health: new ClusterHealths(maps.health) };
}

export function serviceMaps(object: BpfObject): ServiceMaps {
  return new ServiceMaps((name) => object.map(name));
}

/** Maps on which nobody waits: what is unpublished is used again at once. The negative control of every grace period. */
export class HastyMaps extends ServiceMaps {
  override grace(): Promise<void> {
    return Promise.resolve();
  }
}

/** Maps whose grace period is the one for machines on which `membarrier` does not help. */
export class RewritingMaps extends ServiceMaps {
  readonly #segments: BpfMap;

  constructor(map: (name: string) => BpfMap) {
    super(map);
    this.#segments = map("segments");
  }

  override grace(): Promise<void> {
    const id = new DataView(this.#segments.lookup(new Uint8Array(4))!.buffer).getUint32(0, true);
    const first = new BpfMap("segment", libbpf.descriptorOfMapId(id));
    return rewrite(this.#segments, 0, first).finally(() => first.close());
  }
}

/** `10.96.0.1 80`. */
export function frontend(at: string, protocol: Protocol = "TCP", more: Partial<Frontend> = {}): Frontend {
  const [ip = "", port] = at.split(" ");
  return { ip: addressBytes(ip), port: Number(port), protocol, scope: "internal", exclusive: true, ...more };
}

/** `10.1.0.1`, at port 8080. */
export function member(ip: string, weight = 1): Member {
  return { ip: addressBytes(ip), port: 8080, weight, node: 0 };
}

export function group(ips: readonly string[], more: Partial<GroupDescription> = {}): GroupDescription {
  return { tier: 0, cluster: 1, weight: 100, need: 100, members: ips.map((ip) => member(ip)), ...more };
}

export function service(
  groups: readonly GroupDescription[],
  more: Partial<ServiceDescription> = {},
): ServiceDescription {
  return { affinitySeconds: 0, pinUdp: false, hashClient: false, ringSize: 0, groups, draining: [], ...more };
}
