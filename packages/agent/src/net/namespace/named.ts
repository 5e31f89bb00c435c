/** Named network namespaces, as `ip netns` keeps them: bind mounts under /run/netns. */
import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, unlinkSync } from "node:fs";
import { systemCall, type SystemCall } from "../../sys/libc.ts";
import { SystemError } from "../../sys/system-error.ts";
import { Rtnetlink } from "../netlink/socket.ts";
import { withinNamespace, withinNewNamespace } from "./enter.ts";

const mount: SystemCall<[source: string, target: string, type: string | null, flags: number, data: null]> = systemCall(
  "int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)",
);
const umount2: SystemCall<[target: string, flags: number]> = systemCall("int umount2(const char *target, int flags)");
const flock: SystemCall<[fd: number, operation: number]> = systemCall("int flock(int fd, int operation)");
const ioctl: SystemCall<[fd: number, request: number]> = systemCall("int ioctl(int fd, unsigned long request)");

export const NAMESPACE_FOLDER = "/run/netns";

const MS_BIND = 0x1000;
const MS_REC = 0x4000;
const MS_SHARED = 0x10_0000;
const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;
const LOCK_EX = 2;
/** Gives the kind of the namespace that a descriptor stands for. */
const NS_GET_NSTYPE = 0xb703;
const CLONE_NEWNET = 0x4000_0000;

/** A name that cannot be one of a namespace, or a file that holds none. */
export class NamespaceError extends Error {
  override readonly name = "NamespaceError";
}

/** An open network namespace; it lives at least as long as this is open. */
export class Namespace implements Disposable {
  readonly path: string;
  readonly fd: number;
  #open = true;

  constructor(path: string, fd: number) {
    this.path = path;
    this.fd = fd;
  }

  /** Inode of the namespace: equal for two that are the same, while either is open. */
  get identity(): number {
    return fstatSync(this.fd).ino;
  }

  /** See `withinNamespace`. */
  within<T>(visit: () => T): T {
    return withinNamespace(this.fd, visit);
  }

  /** A socket to its routing tables. */
  rtnetlink(): Rtnetlink {
    return this.within(() => new Rtnetlink());
  }

  close(): void {
    if (this.#open) closeSync(this.fd);
    this.#open = false;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

export function namespacePath(name: string): string {
  if (!/^[A-Za-z0-9_][-A-Za-z0-9_.]{0,254}$/.test(name)) {
    throw new NamespaceError(`"${name}" cannot name a network namespace; use letters, digits, "-", "_" and "."`);
  }
  return `${NAMESPACE_FOLDER}/${name}`;
}

/** Opens by name, or by path when it has a `/`. Throws `NamespaceError` when it does not exist or is none. */
export function openNamespace(nameOrPath: string): Namespace {
  const path = nameOrPath.includes("/") ? nameOrPath : namespacePath(nameOrPath);
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    throw new NamespaceError(`${path}: cannot be opened: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (isNetworkNamespace(fd)) return new Namespace(path, fd);
  closeSync(fd);
  throw new NamespaceError(`${path}: is no network namespace; delete it, or name another`);
}

function isNetworkNamespace(fd: number): boolean {
  try {
    return ioctl("ask for the kind of a namespace", fd, NS_GET_NSTYPE) === CLONE_NEWNET;
  } catch (error) {
    if (error instanceof SystemError) return false;
    throw error;
  }
}

/**
 * Makes a namespace with nothing in it but `lo`, which is down. Of several that make the same name at once, one does.
 * Throws `NamespaceError` when the name is taken, `SystemError` when the kernel says no.
 */
export function createNamespace(name: string): Namespace {
  const path = namespacePath(name);
  prepareFolder();
  try {
    closeSync(openSync(path, "wx", 0o444));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") {
      throw new NamespaceError(`${path}: exists; delete it first, or take another name`);
    }
    throw error;
  }
  try {
    withinNewNamespace(() => mount(`keep namespace ${name}`, "/proc/thread-self/ns/net", path, null, MS_BIND, null));
    return openNamespace(path);
  } catch (error) {
    deleteNamespace(name);
    throw error;
  }
}

/** Takes the name away, also from one that was half made; says whether there was one. It lives on while it is used. */
export function deleteNamespace(name: string): boolean {
  const path = namespacePath(name);
  try {
    // Until nothing is mounted there (EINVAL): an interrupted tool may have mounted twice.
    for (;;) umount2(`unmount ${path}`, path, MNT_DETACH | UMOUNT_NOFOLLOW);
  } catch (error) {
    if (!(error instanceof SystemError && (error.code === "EINVAL" || error.code === "ENOENT"))) throw error;
  }
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}

/** Names in /run/netns, half-made ones among them. */
export function listNamespaces(): string[] {
  try {
    return readdirSync(NAMESPACE_FOLDER).sort();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

/**
 * Makes the folder a shared mount, so that namespaces made or deleted in one mount namespace are so in all that got the
 * folder. The lock is the one that `ip netns` takes: two that come at once must not mount the folder twice.
 */
function prepareFolder(): void {
  mkdirSync(NAMESPACE_FOLDER, { recursive: true, mode: 0o755 });
  const folder = openSync(NAMESPACE_FOLDER, "r");
  try {
    flock(`lock ${NAMESPACE_FOLDER}`, folder, LOCK_EX);
    const share = (): number =>
      mount(`share ${NAMESPACE_FOLDER}`, "", NAMESPACE_FOLDER, null, MS_SHARED | MS_REC, null);
    try {
      share();
    } catch (error) {
      // EINVAL: it is no mount yet.
      if (!(error instanceof SystemError && error.code === "EINVAL")) throw error;
      mount(`mount ${NAMESPACE_FOLDER}`, NAMESPACE_FOLDER, NAMESPACE_FOLDER, null, MS_BIND | MS_REC, null);
      share();
    }
  } finally {
    closeSync(folder);
  }
}
