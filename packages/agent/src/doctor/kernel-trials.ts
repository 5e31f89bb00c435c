/** What the kernel can do, by doing it: in places that are made for it and gone afterwards. Needs root and libbpf. */
import { closeSync, mkdtempSync, openSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { attachForAMoment, AttachType, BpfObject, pinForAMoment } from "../bpf/index.ts";
import { createVeth, Rtnetlink, withinNewNamespace } from "../net/index.ts";
import type { ProgramObjects } from "../program-objects.ts";
import { look } from "./look.ts";
import type { Finding, Findings } from "./needs.ts";

export interface Places {
  /** Where they are; nothing when they are not. */
  readonly objects: ProgramObjects | undefined;
  /** A folder of cgroup2, if there is one. */
  readonly cgroup: string | undefined;
  /** A bpf file system, if there is one. */
  readonly pins: string | undefined;
}

/** As small as the programs take them: only that they can be made is of interest. */
const SMALL = { frontends: 16, heads: 16, backends: 16 } as const;
/** The index of `lo` in a network namespace that has nothing else. */
const LOOPBACK = 1;

export function tryKernel({ objects, cgroup, pins }: Places): Findings {
  return {
    pins: pins === undefined ? { unseen: "there is no bpf file system" } : tryPins(pins),
    ...(objects === undefined ? unseenPrograms("the compiled programs are missing") : tryPrograms(objects, cgroup)),
    veth: look("pairs of links (veth) can be made", () =>
      withinNewNamespace(() => {
        using net = new Rtnetlink();
        createVeth(net, { name: "carrick0" }, { name: "carrick1" });
      }),
    ),
  };
}

function tryPins(folder: string): Finding {
  return look(`maps can be made and pinned in ${folder}`, () =>
    pinForAMoment(join(folder, `carrick-doctor-${process.pid}`)),
  );
}

function tryPrograms({ sock, pod }: ProgramObjects, cgroup: string | undefined): Findings {
  const links = "programs can be attached to cgroups by links";
  const tcx = "programs can be attached to interfaces by tcx";
  const socketPrograms = tryObject("the programs of sockets can be loaded", sock, (object) => ({
    cgroupLinks:
      cgroup === undefined
        ? { unseen: "there is no cgroup2 tree" }
        : look(links, () => attachToNewCgroup(object, cgroup)),
  }));
  const podPrograms = tryObject("the programs of pods' interfaces can be loaded", pod, (object) => ({
    tcx: look(tcx, () =>
      withinNewNamespace(() => attachForAMoment(object.program("from_pod"), LOOPBACK, AttachType.TCX_INGRESS)),
    ),
  }));
  return {
    ...unseenPrograms("it cannot be loaded"),
    socketPrograms: socketPrograms.finding,
    podPrograms: podPrograms.finding,
    ...socketPrograms.more,
    ...podPrograms.more,
  };
}

function unseenPrograms(unseen: string): Findings {
  return { socketPrograms: { unseen }, cgroupLinks: { unseen }, podPrograms: { unseen }, tcx: { unseen } };
}

/** Loads an object and looks further while it is loaded. */
function tryObject(
  met: string,
  path: string,
  further: (object: BpfObject) => Findings,
): { readonly finding: Finding; readonly more?: Findings } {
  let more: Findings | undefined;
  const finding = look(met, () => {
    const object = BpfObject.load({ path, maxEntries: SMALL });
    try {
      more = further(object);
    } finally {
      object.close();
    }
  });
  return { finding, ...(more !== undefined && { more }) };
}

function attachToNewCgroup(object: BpfObject, parent: string): void {
  const cgroup = mkdtempSync(join(parent, "carrick-doctor-"));
  try {
    const folder = openSync(cgroup, "r");
    try {
      const program = object.program("connect4");
      attachForAMoment(program, folder, program.attachType);
    } finally {
      closeSync(folder);
    }
  } finally {
    rmdirSync(cgroup);
  }
}
