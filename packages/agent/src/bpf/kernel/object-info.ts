/** What the kernel knows of a map or a link. */
import koffi from "koffi";
import { CgroupLinkInfo, MapInfo } from "./abi.ts";
import { checked } from "./libbpf.ts";

export interface MapFacts {
  readonly type: number;
  readonly id: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  /** At most 15 characters. */
  readonly name: string;
}

interface RawMapInfo {
  readonly type: number;
  readonly id: number;
  readonly key_size: number;
  readonly value_size: number;
  readonly max_entries: number;
  readonly map_flags: number;
  readonly name: string;
}

const library = koffi.load("libbpf.so.1");
const mapInfo = library.func(
  "int bpf_obj_get_info_by_fd(int fd, _Out_ bpf_map_info *info, _Inout_ uint32_t *size)",
) as unknown as (fd: number, info: Partial<RawMapInfo>, size: [number]) => number;
const linkInfo = library.func(
  "int bpf_obj_get_info_by_fd(int fd, _Out_ bpf_cgroup_link_info *info, _Inout_ uint32_t *size)",
) as unknown as (fd: number, info: { cgroup_id?: number | bigint }, size: [number]) => number;

/** Throws `SystemError`. */
export function mapFacts(fd: number): MapFacts {
  const raw: Partial<RawMapInfo> = {};
  checked(`read what map ${fd} is`, mapInfo(fd, raw, [koffi.sizeof(MapInfo)]));
  const { type, id, key_size, value_size, max_entries, map_flags, name } = raw as RawMapInfo;
  return {
    type,
    id,
    keySize: key_size,
    valueSize: value_size,
    maxEntries: max_entries,
    flags: map_flags,
    name,
  };
}

/** The id of the cgroup that a link is attached to: the inode number of its folder. 0: that cgroup is gone. */
export function linkedCgroup(fd: number): bigint {
  const raw: { cgroup_id?: number | bigint } = {};
  checked(`read what link ${fd} is`, linkInfo(fd, raw, [koffi.sizeof(CgroupLinkInfo)]));
  return BigInt(raw.cgroup_id ?? 0);
}
