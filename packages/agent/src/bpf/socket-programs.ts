/** The programs by which sockets reach services, and their attachment to a tree of cgroups. */
import { join } from "node:path";
import { attachToCgroup, type BpfObject, type LinkState } from "./kernel/index.ts";

/** In the order in which they are attached: those that undo a translation before those that make it. */
export const SOCKET_PROGRAMS = [
  "getpeername4",
  "getpeername6",
  "recvmsg4",
  "recvmsg6",
  "sendmsg4",
  "sendmsg6",
  "connect4",
  "connect6",
] as const;
export type SocketProgram = (typeof SOCKET_PROGRAMS)[number];

export interface Attachment {
  readonly program: SocketProgram;
  /** `kept`: the new program is not in force; the one before it is, if there was one. */
  readonly state: LinkState | "kept";
  readonly error?: unknown;
}

/**
 * Attaches programs, or puts them in the place of those that are attached, one by one. One that fails leaves what it
 * was to replace. `folder` as in `loadPinned`.
 */
export function attachSocketPrograms(
  object: BpfObject,
  cgroup: string,
  folder: string,
  programs: readonly SocketProgram[] = SOCKET_PROGRAMS,
): Attachment[] {
  return programs.map((program) => {
    try {
      const state = attachToCgroup(object.program(program), cgroup, join(folder, "links", program));
      return { program, state };
    } catch (error) {
      return { program, state: "kept", error };
    }
  });
}
