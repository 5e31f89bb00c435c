/** What the mesh needs of a node: what it is for, and what mends its absence. In the order in which it is told. */
export interface Need {
  readonly area: "rights" | "programs" | "file systems" | "kernel" | "tools";
  /** `mesh`: nothing works without it. `pods`: only `cni` needs it. `restart`: it works, and may not for ever. */
  readonly for: "mesh" | "pods" | "restart";
  /** What is done to find out, as the subject of a sentence. */
  readonly look: string;
  readonly why: string;
  readonly fix: string;
}

const NEWER = "run Linux 5.18 or newer with CONFIG_BPF_SYSCALL, CONFIG_BPF_JIT and CONFIG_CGROUP_BPF";

export const NEEDS = {
  rights: {
    area: "rights",
    for: "mesh",
    look: "looking at the rights of the agent",
    why: "the agent loads programs, mounts, enters the namespaces of pods, and writes routes",
    fix: "run the agent as root with CAP_SYS_ADMIN and CAP_NET_ADMIN; in Kubernetes, as a privileged container",
  },
  libbpf: {
    area: "programs",
    for: "mesh",
    look: "loading libbpf",
    why: "it loads the programs, and the agent reads and writes their maps with it",
    fix: "install libbpf 1.1 or newer (libbpf1 of Debian 12)",
  },
  objects: {
    area: "programs",
    for: "mesh",
    look: "looking for the compiled programs",
    why: "they are what leads connections to Services",
    fix: "name their folder by bpf.objects, or build them with clang and bpftool: make build",
  },
  bpfFilesystem: {
    area: "file systems",
    for: "restart",
    look: "looking for the bpf file system",
    why: "what is pinned there serves on while no agent runs; the agent mounts it itself, but in a container that mount ends with it",
    fix: "mount -t bpf bpf /sys/fs/bpf, at each start of the machine",
  },
  pins: {
    area: "file systems",
    for: "mesh",
    look: "pinning a map",
    why: "without pins everything would end with the agent",
    fix: "let root make maps and write there; a read-only mount or a lockdown of the kernel forbids it",
  },
  cgroup: {
    area: "file systems",
    for: "mesh",
    look: "looking for cgroups",
    why: "the programs are attached to it, and its sockets are those that reach Services",
    fix: "mount cgroup2 (mount -t cgroup2 none /sys/fs/cgroup), or correct bpf.cgroup",
  },
  socketPrograms: {
    area: "kernel",
    for: "mesh",
    look: "loading the programs of sockets",
    why: "they lead connections to Services to an endpoint",
    fix: NEWER,
  },
  cgroupLinks: {
    area: "kernel",
    for: "mesh",
    look: "attaching a program to a cgroup",
    why: "links keep the programs in force while no agent runs, and replace them without a gap",
    fix: NEWER,
  },
  podPrograms: {
    area: "kernel",
    for: "mesh",
    look: "loading the programs of pods' interfaces",
    why: "they see to it that no pod sends with an address that is not its own",
    fix: NEWER,
  },
  tcx: {
    area: "kernel",
    for: "pods",
    look: "attaching a program to an interface",
    why: "the programs at the interfaces of pods are attached by it",
    fix: "run Linux 6.6 or newer with CONFIG_NET_XGRESS, or keep another CNI plugin and leave out `cni`",
  },
  veth: {
    area: "kernel",
    for: "pods",
    look: "making a pair of links",
    why: "it is what pods are connected by",
    fix: "load or build the module (CONFIG_VETH), or keep another CNI plugin and leave out `cni`",
  },
  nft: {
    area: "tools",
    for: "pods",
    look: "asking nft",
    why: "it gives what pods send out of the mesh the address of the node",
    fix: "install nftables, and a kernel with CONFIG_NF_TABLES and CONFIG_NFT_MASQ; or leave out cni.meshCidrs",
  },
} as const satisfies Readonly<Record<string, Need>>;

export type NeedName = keyof typeof NEEDS;

/** What a look has found, each in words for people. `unseen`: why there was none. */
export type Finding = { readonly met: string } | { readonly missing: string } | { readonly unseen: string };

export type Findings = Readonly<Partial<Record<NeedName, Finding>>>;
