/** Programs attached by links. A pinned link stays when this process ends, and its program can be replaced in place. */
import { closeSync, existsSync, fstatSync, openSync, renameSync, rmSync, unlinkSync } from "node:fs";
import { SystemError } from "../../sys/system-error.ts";
import type { Program } from "./bpf-object.ts";
import { checked, libbpf } from "./libbpf.ts";
import { linkedCgroup } from "./object-info.ts";

export type LinkState = "attached" | "replaced";

/**
 * Attaches the program to the cgroup by the link that is pinned at `pin`. When there is one for this cgroup, its program
 * is replaced: between two calls, never with none in force. A pin whose cgroup is another or gone gives way after the
 * new link is in force. On an error what was attached stays attached. Throws `SystemError`.
 */
export function attachToCgroup(program: Program, cgroup: string, pin: string): LinkState {
  const folder = openSync(cgroup, "r");
  try {
    const cgroupId = fstatSync(folder, { bigint: true }).ino;
    if (existsSync(pin) && replaceProgram(program, pin, (link) => linkedCgroup(link) === cgroupId)) return "replaced";
    attach(program, folder, program.attachType, pin);
    return "attached";
  } finally {
    closeSync(folder);
  }
}

/** As `attachToCgroup`, for an interface by tcx; `type` is `AttachType.TCX_INGRESS` or `TCX_EGRESS`. */
export function attachToInterface(program: Program, index: number, type: number, pin: string): LinkState {
  if (existsSync(pin) && replaceProgram(program, pin, () => true)) return "replaced";
  attach(program, index, type, pin);
  return "attached";
}

/** Ends a link: its program is out of force when this returns. Nothing when there is no such pin. */
export function detach(pin: string): void {
  if (!existsSync(pin)) return;
  const link = checked(`open the link ${pin}`, libbpf.openPin(pin));
  try {
    const result = libbpf.detachLink(link);
    // The cgroup or the interface is gone, and the program with it.
    if (!isTargetGone(result)) checked(`detach the link ${pin}`, result);
  } finally {
    closeSync(link);
  }
  unlinkSync(pin);
}

/** Whether the link was there for the same target, which has not gone. */
function replaceProgram(program: Program, pin: string, isSameTarget: (link: number) => boolean): boolean {
  const link = checked(`open the link ${pin}`, libbpf.openPin(pin));
  try {
    if (!isSameTarget(link)) return false;
    const result = libbpf.updateLink(link, program.fd, null);
    if (isTargetGone(result)) return false;
    checked(`replace the program of the link ${pin}`, result);
    return true;
  } finally {
    closeSync(link);
  }
}

function attach(program: Program, target: number, type: number, pin: string): void {
  const link = checked(`attach ${program.name}`, libbpf.createLink(program.fd, target, type, null));
  try {
    // Renamed over the old pin, whose link ends by that: at no time is there none. Dots are reserved in these names.
    const fresh = `${pin}-new`;
    rmSync(fresh, { force: true });
    checked(`pin the link of ${program.name} at ${fresh}`, libbpf.pin(link, fresh));
    renameSync(fresh, pin);
  } finally {
    closeSync(link);
  }
}

function isTargetGone(result: number): boolean {
  return result < 0 && new SystemError("link", result).code === "ENOLINK";
}

/** Whether the kernel attaches the program there: it does so for a moment, and nothing is left. Throws `SystemError`. */
export function attachForAMoment({ name, fd }: Program, target: number, type: number): void {
  closeSync(checked(`attach ${name}`, libbpf.createLink(fd, target, type, null)));
}
