/** A compiled object: its maps and programs, loaded into the kernel. */
import { SystemError } from "../../sys/system-error.ts";
import { BpfMap } from "./bpf-map.ts";
import { libbpf, type Pointer, present, checked } from "./libbpf.ts";

const LOG_BYTES = 1 << 20;
/** The verifier's last words say what it refuses; those before, how it got there. */
const LOG_LINES = 30;

export interface LoadOptions {
  readonly path: string;
  /** Maps that exist already, by name: used instead of new ones. */
  readonly existing?: ReadonlyMap<string, BpfMap>;
  /** Sizes of new maps, by name. */
  readonly maxEntries?: Readonly<Record<string, number>>;
}

export interface Program {
  readonly name: string;
  readonly fd: number;
  /** What the section's name says: `BPF_CGROUP_INET4_CONNECT` for `cgroup/connect4`. */
  readonly attachType: number;
}

/** Descriptors in it live until `close`; what is pinned or linked lives on. */
export class BpfObject {
  readonly maps: ReadonlyMap<string, BpfMap>;
  readonly programs: ReadonlyMap<string, Program>;
  readonly #object: Pointer;

  private constructor(object: Pointer) {
    this.#object = object;
    this.maps = new Map(
      Array.from(mapsOf(object), (map) => {
        const name = libbpf.mapName(map);
        return [name, new BpfMap(name, libbpf.mapDescriptor(map))];
      }),
    );
    this.programs = new Map(
      Array.from(programsOf(object), (program) => {
        const name = libbpf.programName(program);
        const fd = libbpf.programDescriptor(program);
        return [name, { name, fd, attachType: libbpf.programAttachType(program) }];
      }),
    );
  }

  /** Throws `SystemError`, with the end of the verifier's log when it was the verifier. */
  static load({ path, existing, maxEntries }: LoadOptions): BpfObject {
    const object = present(`open ${path}`, libbpf.openFile(path, null));
    try {
      for (const map of mapsOf(object)) prepare(path, map, existing, maxEntries);
      // One buffer for all: loading ends at the first program that is refused. libbpf keeps the address until then.
      const log = Buffer.alloc(LOG_BYTES);
      for (const program of programsOf(object)) libbpf.setProgramLog(program, log, log.length);
      const result = libbpf.load(object);
      if (result < 0) throw new SystemError(`load ${path}`, result, lastWords(log));
      return new BpfObject(object);
    } catch (error) {
      libbpf.close(object);
      throw error;
    }
  }

  map(name: string): BpfMap {
    const map = this.maps.get(name);
    if (map === undefined) throw new Error(`the programs have no map ${name}; run those of this agent's release`);
    return map;
  }

  program(name: string): Program {
    const program = this.programs.get(name);
    if (program === undefined) throw new Error(`there is no program ${name}; run those of this agent's release`);
    return program;
  }

  close(): void {
    libbpf.close(this.#object);
  }
}

function* mapsOf(object: Pointer): Generator<Pointer> {
  for (let map = libbpf.nextMap(object, null); map !== null; map = libbpf.nextMap(object, map)) yield map;
}

function* programsOf(object: Pointer): Generator<Pointer> {
  for (let it = libbpf.nextProgram(object, null); it !== null; it = libbpf.nextProgram(object, it)) yield it;
}

function prepare(
  path: string,
  map: Pointer,
  existing: LoadOptions["existing"],
  maxEntries: LoadOptions["maxEntries"],
): void {
  const name = libbpf.mapName(map);
  const used = existing?.get(name);
  if (used !== undefined) {
    checkSame(path, map, used);
    checked(`use map ${name} in ${path}`, libbpf.reuseMap(map, used.fd));
    return;
  }
  const entries = maxEntries?.[name];
  if (entries !== undefined) checked(`set the size of map ${name}`, libbpf.setMapMaxEntries(map, entries));
}

/** A program that takes a map of another shape for its own reads what is not there. */
function checkSame(path: string, map: Pointer, { name, facts }: BpfMap): void {
  const there = [facts.type, facts.keySize, facts.valueSize, facts.flags];
  const wanted = [libbpf.mapType(map), libbpf.mapKeySize(map), libbpf.mapValueSize(map), libbpf.mapFlags(map)];
  if (there.every((value, index) => value === wanted[index])) return;
  throw new Error(
    `map ${name} has type, key, value and flags ${there.join(", ")}, but ${path} needs ${wanted.join(", ")}; ` +
      "it is of another release: drain the node and uninstall that one first",
  );
}

function lastWords(log: Buffer): string | undefined {
  const end = log.indexOf(0);
  const lines = log
    .toString("utf8", 0, end === -1 ? log.length : end)
    .trim()
    .split("\n");
  return lines[0] === "" ? undefined : `the kernel's verifier says:\n${lines.slice(-LOG_LINES).join("\n")}`;
}
