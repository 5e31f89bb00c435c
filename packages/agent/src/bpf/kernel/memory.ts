/** Memory of a map, shared with the kernel. */
import koffi from "koffi";
import { SystemError } from "../../sys/system-error.ts";

const library = koffi.load("libc.so.6");
const mmap = library.func(
  "void *mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset)",
) as unknown as (at: null, length: number, protection: number, flags: number, fd: number, offset: number) => object;

const PROT_READ_WRITE = 1 | 2;
const MAP_SHARED = 1;
const PAGE = 4096;

/**
 * The first `length` bytes of what the descriptor stands for, whole pages of them. Mapped for the life of the process,
 * since nothing tells when the last view of an `ArrayBuffer` is gone. Throws `SystemError`.
 */
export function mapMemory(what: string, fd: number, length: number): ArrayBuffer {
  const whole = Math.ceil(length / PAGE) * PAGE;
  const at = mmap(null, whole, PROT_READ_WRITE, MAP_SHARED, fd, 0);
  // MAP_FAILED is the highest address.
  if (BigInt.asUintN(64, koffi.address(at)) === 0xffff_ffff_ffff_ffffn)
    throw new SystemError(`map the memory of ${what}`, koffi.errno());
  return koffi.view(at, whole);
}
