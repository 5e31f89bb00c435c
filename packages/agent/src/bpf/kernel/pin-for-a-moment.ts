import { unlinkSync } from "node:fs";
import { MapType } from "./abi.ts";
import { BpfMap } from "./bpf-map.ts";
import { checked, libbpf } from "./libbpf.ts";

/** Whether a map can be made and pinned there: one is, for a moment. Throws `SystemError`. */
export function pinForAMoment(path: string): void {
  const map = BpfMap.create({
    type: MapType.ARRAY,
    name: "carrick_probe",
    keySize: 4,
    valueSize: 8,
    maxEntries: 1,
    flags: 0,
  });
  try {
    checked(`pin a map at ${path}`, libbpf.pin(map.fd, path));
    unlinkSync(path);
  } finally {
    map.close();
  }
}
