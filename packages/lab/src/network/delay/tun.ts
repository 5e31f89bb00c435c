/** A link whose other end is this process (`/dev/net/tun`): what is routed there is read, what is written comes in. */
import { constants, openSync } from "node:fs";
import { checkLinkName } from "@carrick/agent/net";
import { systemCall, unlessCode } from "@carrick/agent/sys";

const ioctl = systemCall("int ioctl(int fd, unsigned long request, void *argument)");
const poll = systemCall("int poll(void *descriptors, unsigned long count, int timeout)");
const read = systemCall("long read(int fd, void *bytes, size_t length)");
const write = systemCall("long write(int fd, const void *bytes, size_t length)");

const TUNSETIFF = 0x4004_54ca;
/** IP packets, and nothing before them. */
const IFF_TUN_NO_PI = 0x0001 | 0x1000;
const POLLIN = 1;
const BUFFER = 64 * 1024;

/** The link is gone as soon as its process is. */
export class Tun {
  readonly #fd: number;
  readonly #buffer = new Uint8Array(BUFFER);
  readonly #pollfd = Buffer.alloc(8);

  /** In the network namespace of this thread. Throws `SystemError`. */
  constructor(name: string) {
    this.#fd = openSync("/dev/net/tun", constants.O_RDWR | constants.O_NONBLOCK);
    // struct ifreq: the name in 16 bytes, then what kind of link.
    const request = Buffer.alloc(40);
    request.write(checkLinkName(name));
    request.writeUInt16LE(IFF_TUN_NO_PI, 16);
    ioctl(`make the link ${name}`, this.#fd, TUNSETIFF, request);
    this.#pollfd.writeInt32LE(this.#fd, 0);
    this.#pollfd.writeInt16LE(POLLIN, 4);
  }

  /** Blocks until there is a packet, at most this long; for ever without a number. Throws `SystemError`. */
  wait(timeoutMs?: number): void {
    unlessCode("EINTR", () => poll("wait for packets", this.#pollfd, 1, timeoutMs ?? -1));
  }

  /** A packet, or `undefined` when there is none now. Throws `SystemError`, `EBADFD` when the link was deleted. */
  read(): Uint8Array | undefined {
    const length = unlessCode("EAGAIN", () => read("read a packet", this.#fd, this.#buffer, this.#buffer.length));
    return length === undefined ? undefined : this.#buffer.slice(0, length);
  }

  /** Throws `SystemError`. */
  write(packet: Uint8Array): void {
    write("write a packet", this.#fd, packet, packet.length);
  }
}
