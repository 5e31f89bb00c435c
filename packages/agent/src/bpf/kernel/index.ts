export { AttachType } from "./abi.ts";
export { ensureBpfFilesystem, holdsPins } from "./bpf-filesystem.ts";
export { BpfMap } from "./bpf-map.ts";
export { BpfObject, type Program } from "./bpf-object.ts";
export { cgroup2Root, isCgroup2 } from "./cgroup2.ts";
export { Growth } from "./growth.ts";
export { attachToCgroup, attachToInterface, detach, type LinkState } from "./link.ts";
export { loadPinned, uninstall } from "./pinned-object.ts";
