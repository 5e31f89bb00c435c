/** Types and constants of the kernel's and libbpf's interfaces, which do not change. Imported before they are named. */
import koffi from "koffi";

/** `enum bpf_map_type`. */
export const MapType = {
  HASH: 1,
  ARRAY: 2,
  PERCPU_HASH: 5,
  PERCPU_ARRAY: 6,
  LRU_HASH: 9,
  LRU_PERCPU_HASH: 10,
  ARRAY_OF_MAPS: 12,
  SK_STORAGE: 24,
} as const;

/** `BPF_F_MMAPABLE`. */
export const MMAPABLE = 1 << 10;

/** `enum bpf_attach_type`. */
export const AttachType = { TCX_INGRESS: 46, TCX_EGRESS: 47 } as const;

/** The first fields of `struct bpf_map_info`; the kernel fills as much as it is given room for. */
export const MapInfo = koffi.struct("bpf_map_info", {
  type: "uint32_t",
  id: "uint32_t",
  key_size: "uint32_t",
  value_size: "uint32_t",
  max_entries: "uint32_t",
  map_flags: "uint32_t",
  name: koffi.array("char", 16, "String"),
});

/** The first fields of `struct bpf_link_info`, with those of a link to a cgroup. */
export const CgroupLinkInfo = koffi.struct("bpf_cgroup_link_info", {
  type: "uint32_t",
  id: "uint32_t",
  prog_id: "uint32_t",
  reserved: "uint32_t",
  cgroup_id: "uint64_t",
  attach_type: "uint32_t",
  reserved2: "uint32_t",
});

/** `struct bpf_map_create_opts`. */
export const MapCreateOptions = koffi.struct("bpf_map_create_opts", {
  sz: "size_t",
  btf_fd: "uint32_t",
  btf_key_type_id: "uint32_t",
  btf_value_type_id: "uint32_t",
  btf_vmlinux_value_type_id: "uint32_t",
  inner_map_fd: "uint32_t",
  map_flags: "uint32_t",
  map_extra: "uint64_t",
  numa_node: "uint32_t",
  map_ifindex: "uint32_t",
});

/** `struct bpf_test_run_opts`. */
export const TestRunOptions = koffi.struct("bpf_test_run_opts", {
  sz: "size_t",
  data_in: "const void *",
  data_out: "void *",
  data_size_in: "uint32_t",
  data_size_out: "uint32_t",
  ctx_in: "const void *",
  ctx_out: "void *",
  ctx_size_in: "uint32_t",
  ctx_size_out: "uint32_t",
  retval: "uint32_t",
  repeat: "int",
  duration: "uint32_t",
  flags: "uint32_t",
  cpu: "uint32_t",
  batch_size: "uint32_t",
});
