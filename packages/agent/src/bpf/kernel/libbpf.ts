/** libbpf (1.1 or newer), called synchronously except where a function says otherwise. */
import koffi from "koffi";
import { SystemError } from "../../sys/system-error.ts";
import { MapCreateOptions, TestRunOptions } from "./abi.ts";

const library = load();

function load(): ReturnType<typeof koffi.load> {
  try {
    return koffi.load("libbpf.so.1");
  } catch (error) {
    throw new Error("libbpf.so.1 cannot be loaded, so there is no mesh on this node; install libbpf 1.1 or newer", {
      cause: error,
    });
  }
}

/** libbpf's objects, maps and programs: pointers that belong to the object that was opened. */
export type Pointer = object;

/** Throws `SystemError` on a negative result, which is libbpf's way to say an errno. */
export function checked(what: string, result: number): number {
  if (result < 0) throw new SystemError(what, result);
  return result;
}

/** Throws `SystemError` on a null pointer. */
export function present(what: string, pointer: Pointer | null): Pointer {
  if (pointer === null) throw new SystemError(what, koffi.errno());
  return pointer;
}

/** What it takes and gives is said where it is declared. */
function declare(declaration: string): unknown {
  return library.func(declaration);
}

type Call<A extends readonly unknown[], R> = (...args: A) => R;
/** A call on a thread of its own; the callback runs on this one. */
interface AsyncCall<A extends readonly unknown[], R> extends Call<A, R> {
  async(...args: [...A, (error: Error | null, result: R) => void]): void;
}

export const libbpf = {
  openFile: declare("void *bpf_object__open_file(const char *path, void *opts)") as Call<
    [path: string, options: null],
    Pointer | null
  >,
  load: declare("int bpf_object__load(void *obj)") as Call<[object: Pointer], number>,
  close: declare("void bpf_object__close(void *obj)") as Call<[object: Pointer], void>,
  nextMap: declare("void *bpf_object__next_map(void *obj, void *map)") as Call<
    [object: Pointer, after: Pointer | null],
    Pointer | null
  >,
  nextProgram: declare("void *bpf_object__next_program(void *obj, void *prog)") as Call<
    [object: Pointer, after: Pointer | null],
    Pointer | null
  >,
  mapName: declare("const char *bpf_map__name(void *map)") as Call<[map: Pointer], string>,
  mapType: declare("int bpf_map__type(void *map)") as Call<[map: Pointer], number>,
  mapKeySize: declare("uint32_t bpf_map__key_size(void *map)") as Call<[map: Pointer], number>,
  mapValueSize: declare("uint32_t bpf_map__value_size(void *map)") as Call<[map: Pointer], number>,
  mapFlags: declare("uint32_t bpf_map__map_flags(void *map)") as Call<[map: Pointer], number>,
  setMapMaxEntries: declare("int bpf_map__set_max_entries(void *map, uint32_t max_entries)") as Call<
    [map: Pointer, entries: number],
    number
  >,
  reuseMap: declare("int bpf_map__reuse_fd(void *map, int fd)") as Call<[map: Pointer, fd: number], number>,
  mapDescriptor: declare("int bpf_map__fd(void *map)") as Call<[map: Pointer], number>,
  programName: declare("const char *bpf_program__name(void *prog)") as Call<[program: Pointer], string>,
  programDescriptor: declare("int bpf_program__fd(void *prog)") as Call<[program: Pointer], number>,
  programAttachType: declare("int bpf_program__expected_attach_type(void *prog)") as Call<[program: Pointer], number>,
  setProgramLog: declare("int bpf_program__set_log_buf(void *prog, void *buf, size_t size)") as Call<
    [program: Pointer, log: Uint8Array, size: number],
    number
  >,
  createMap: library.func("bpf_map_create", "int", [
    "int",
    "const char *",
    "uint32_t",
    "uint32_t",
    "uint32_t",
    koffi.pointer(MapCreateOptions),
  ]) as unknown as Call<
    [type: number, name: string, key: number, value: number, entries: number, options: object],
    number
  >,
  descriptorOfMapId: declare("int bpf_map_get_fd_by_id(uint32_t id)") as Call<[id: number], number>,
  update: declare("int bpf_map_update_elem(int fd, void *key, void *value, uint64_t flags)") as AsyncCall<
    [fd: number, key: Uint8Array, value: Uint8Array, flags: number],
    number
  >,
  lookup: declare("int bpf_map_lookup_elem(int fd, void *key, void *value)") as Call<
    [fd: number, key: Uint8Array, value: Uint8Array],
    number
  >,
  delete: declare("int bpf_map_delete_elem(int fd, void *key)") as Call<[fd: number, key: Uint8Array], number>,
  updateBatch: declare(
    "int bpf_map_update_batch(int fd, void *keys, void *values, _Inout_ uint32_t *count, void *opts)",
  ) as Call<[fd: number, keys: Uint8Array, values: Uint8Array, count: [number], options: null], number>,
  deleteBatch: declare("int bpf_map_delete_batch(int fd, void *keys, _Inout_ uint32_t *count, void *opts)") as Call<
    [fd: number, keys: Uint8Array, count: [number], options: null],
    number
  >,
  lookupBatch: declare(
    "int bpf_map_lookup_batch(int fd, void *in, void *out, void *keys, void *values, _Inout_ uint32_t *count, void *opts)",
  ) as Call<
    [
      fd: number,
      from: Uint8Array | null,
      next: Uint8Array,
      keys: Uint8Array,
      values: Uint8Array,
      count: [number],
      options: null,
    ],
    number
  >,
  createLink: declare("int bpf_link_create(int prog_fd, int target_fd, int attach_type, void *opts)") as Call<
    [program: number, target: number, type: number, options: null],
    number
  >,
  updateLink: declare("int bpf_link_update(int link_fd, int prog_fd, void *opts)") as Call<
    [link: number, program: number, options: null],
    number
  >,
  detachLink: declare("int bpf_link_detach(int link_fd)") as Call<[link: number], number>,
  pin: declare("int bpf_obj_pin(int fd, const char *path)") as Call<[fd: number, path: string], number>,
  openPin: declare("int bpf_obj_get(const char *path)") as Call<[path: string], number>,
  testRun: library.func("bpf_prog_test_run_opts", "int", [
    "int",
    koffi.inout(koffi.pointer(TestRunOptions)),
  ]) as unknown as Call<[program: number, options: object], number>,
  possibleCpus: declare("int libbpf_num_possible_cpus()") as Call<[], number>,
} as const;

// Its messages would go to standard error; what went wrong is in the errors that are thrown.
(library.func("void *libbpf_set_print(void *fn)") as Call<[fn: null], unknown>)(null);
