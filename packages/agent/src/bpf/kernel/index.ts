export { AttachType } from "./abi.ts";
export { BPF_FILESYSTEM, ensureBpfFilesystem, holdsPins, isBpfFilesystem } from "./bpf-filesystem.ts";
export { BpfMap } from "./bpf-map.ts";
export { BpfObject, type Program } from "./bpf-object.ts";
export { cgroup2Root, isCgroup2 } from "./cgroup2.ts";
export { Growth } from "./growth.ts";
export { attachForAMoment, attachToCgroup, attachToInterface, detach, type LinkState } from "./link.ts";
export { pinForAMoment } from "./pin-for-a-moment.ts";
export { loadPinned, uninstall } from "./pinned-object.ts";
