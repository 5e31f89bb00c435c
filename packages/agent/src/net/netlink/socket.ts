/** A socket to the kernel's routing tables (`NETLINK_ROUTE`): a request and its answer in one synchronous call. */
import { constants } from "node:os";
import { close, systemCall, type SystemCall } from "../../sys/libc.ts";
import { SystemError } from "../../sys/system-error.ts";
import { LITTLE_ENDIAN, viewOf } from "./attribute.ts";
import { type Answer, Conversation } from "./conversation.ts";
import { encodeMessage, Flag } from "./message.ts";

const socket: SystemCall<[domain: number, type: number, protocol: number]> = systemCall(
  "int socket(int domain, int type, int protocol)",
);
const bind: SystemCall<[fd: number, address: Uint8Array, length: number]> = systemCall(
  "int bind(int fd, const void *address, unsigned int length)",
);
const connect: SystemCall<[fd: number, address: Uint8Array, length: number]> = systemCall(
  "int connect(int fd, const void *address, unsigned int length)",
);
const setsockopt: SystemCall<[fd: number, level: number, name: number, value: Uint8Array, length: number]> = systemCall(
  "int setsockopt(int fd, int level, int name, const void *value, unsigned int length)",
);
const send: SystemCall<[fd: number, bytes: Uint8Array, length: number, flags: number]> = systemCall(
  "long send(int fd, const void *bytes, size_t length, int flags)",
);
const recv: SystemCall<[fd: number, bytes: Uint8Array, length: number, flags: number]> = systemCall(
  "long recv(int fd, void *bytes, size_t length, int flags)",
);

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const NETLINK_ROUTE = 0;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;
const MSG_TRUNC = 0x20;

/** The kernel answers within the call; what takes this long will not come. */
const TIMEOUT_SECONDS = 5;
/** The kernel makes datagrams of a dump as large as the reader's buffer, up to 32 KiB. */
const BUFFER = 64 * 1024;
const DUMP_ATTEMPTS = 10;

/**
 * Lives in the network namespace in which it was made, wherever its user goes. Not shared between threads. After an
 * answer that was lost or not understood it refuses to go on: open another.
 */
export class Rtnetlink implements Disposable {
  readonly #fd: number;
  readonly #buffer = new Uint8Array(BUFFER);
  #sequence = 0;
  #closed: string | undefined;

  /** In the network namespace of the calling thread. Throws `SystemError`. */
  constructor() {
    this.#fd = socket("open a netlink socket", AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_ROUTE);
    try {
      // struct sockaddr_nl with port 0: bound, the kernel chooses our port; connected, only the kernel can send to us.
      const kernel = new Uint8Array(12);
      viewOf(kernel).setUint16(0, AF_NETLINK, LITTLE_ENDIAN);
      bind("bind a netlink socket", this.#fd, kernel, kernel.length);
      connect("connect a netlink socket", this.#fd, kernel, kernel.length);
      this.#option(SOL_SOCKET, SO_RCVTIMEO, seconds(TIMEOUT_SECONDS));
      this.#option(SOL_NETLINK, NETLINK_EXT_ACK, ONE);
      this.#option(SOL_NETLINK, NETLINK_CAP_ACK, ONE);
      this.#option(SOL_NETLINK, NETLINK_GET_STRICT_CHK, ONE);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Asks for a change, or for a row; gives the rows that come back. `what` is for the error. Throws `SystemError`. */
  request(what: string, type: number, flags: number, body: Uint8Array): readonly Uint8Array[] {
    const answer = this.#exchange(what, type, flags | Flag.request | Flag.ack, body);
    if (answer.errno !== 0) throw new SystemError(what, answer.errno, answer.text);
    return answer.rows;
  }

  /** Asks for a whole table, again while it changes under the reader. Throws `SystemError`. */
  dump(what: string, type: number, body: Uint8Array): readonly Uint8Array[] {
    for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
      const answer = this.#exchange(what, type, Flag.request | Flag.dump, body);
      if (answer.errno !== 0) throw new SystemError(what, answer.errno, answer.text);
      if (!answer.interrupted) return answer.rows;
    }
    throw new SystemError(what, constants.errno.EAGAIN, `it changed while it was read, ${DUMP_ATTEMPTS} times`);
  }

  close(): void {
    if (this.#closed !== undefined) return;
    this.#closed = "it was closed";
    close("close a netlink socket", this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #exchange(what: string, type: number, flags: number, body: Uint8Array): Answer {
    if (this.#closed !== undefined) throw new SystemError(what, constants.errno.EBADF, this.#closed);
    this.#sequence = (this.#sequence + 1) >>> 0;
    const request = encodeMessage({ type, flags, sequence: this.#sequence, body });
    untilNoSignal(() => send(what, this.#fd, request, request.length, 0));
    const conversation = new Conversation(this.#sequence);
    try {
      for (;;) {
        const answer = conversation.take(this.#receive(what));
        if (answer !== undefined) return answer;
      }
    } catch (error) {
      // A rest of this answer may still come, and a dump that nobody reads blocks the next.
      this.close();
      this.#closed = `an earlier answer was lost (${error instanceof Error ? error.message : String(error)})`;
      throw error;
    }
  }

  #receive(what: string): Uint8Array {
    // With MSG_TRUNC the call gives the length of the datagram, however much of it was stored.
    const length = withinTime(what, () =>
      untilNoSignal(() => recv(what, this.#fd, this.#buffer, this.#buffer.length, MSG_TRUNC)),
    );
    if (length > this.#buffer.length) {
      throw new SystemError(
        what,
        constants.errno.EMSGSIZE,
        `an answer has ${length} bytes, at most ${BUFFER} are read`,
      );
    }
    return this.#buffer.subarray(0, length);
  }

  #option(level: number, name: number, value: Uint8Array): void {
    setsockopt(`set option ${name} of a netlink socket`, this.#fd, level, name, value, value.length);
  }
}

const ONE = new Uint8Array(new Int32Array([1]).buffer);

/** `struct timeval` of a 64-bit machine. */
function seconds(value: number): Uint8Array {
  return new Uint8Array(new BigInt64Array([BigInt(value), 0n]).buffer);
}

function withinTime(what: string, call: () => number): number {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof SystemError && error.code === "EAGAIN")) throw error;
    throw new SystemError(what, constants.errno.ETIMEDOUT, `the kernel has not answered in ${TIMEOUT_SECONDS} seconds`);
  }
}

/** A call with a time limit is not restarted by the kernel when a signal's handler has run. */
function untilNoSignal(call: () => number): number {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof SystemError && error.code === "EINTR")) throw error;
    }
  }
}
