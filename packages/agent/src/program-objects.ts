/** Where the compiled eBPF programs are. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface ProgramObjects {
  /** Of sockets. */
  readonly sock: string;
  /** At pods' interfaces. */
  readonly pod: string;
}

/** In the folder of the configuration, or beside the agent. */
export function programObjects(folder = fileURLToPath(new URL("datapath", import.meta.url))): ProgramObjects {
  return { sock: join(folder, "sock.bpf.o"), pod: join(folder, "pod.bpf.o") };
}
