/**
 * One writer at a time. A lock on a file keeps a second process out; the epoch in the maps stops one that goes on to
 * write although another has taken over (its lock file was deleted, say).
 */
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { systemCall, type SystemCall } from "../../sys/libc.ts";
import { SystemError } from "../../sys/system-error.ts";
import { Owner } from "../layout/generated.ts";

const LOCK_EXCLUSIVE = 2;
const LOCK_NONBLOCKING = 4;

const flock: SystemCall<[fd: number, operation: number]> = systemCall("int flock(int fd, int operation)");

/** Another process writes, and goes on to. */
export class LockHeldError extends Error {
  override readonly name = "LockHeldError";
}

/** Another process has taken over: this one must not write any more. */
export class FencedError extends Error {
  override readonly name = "FencedError";
}

/** Held until it is released or the process ends, however it ends. */
export class WriterLock {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Throws `LockHeldError` when another process has it, `SystemError` when the file cannot be locked. */
  static take(path: string): WriterLock {
    mkdirSync(dirname(path), { recursive: true });
    const fd = openSync(path, "a");
    try {
      flock(`lock ${path}`, fd, LOCK_EXCLUSIVE | LOCK_NONBLOCKING);
      return new WriterLock(fd);
    } catch (error) {
      closeSync(fd);
      if (!(error instanceof SystemError && error.code === "EAGAIN")) throw error;
    }
    throw new LockHeldError(
      `${path}: another agent of this node holds it and writes the service map; stop that one first`,
    );
  }

  release(): void {
    closeSync(this.#fd);
  }
}

/** The right to write, and the numbers that no writer gives twice. */
export class Ownership {
  readonly epoch: bigint;
  readonly #words: BigUint64Array;

  /** Takes over: whoever wrote before is fenced. `words`: memory of the map `owner`. */
  constructor(words: BigUint64Array) {
    this.#words = words;
    this.epoch = Atomics.add(words, EPOCH, 1n) + 1n;
  }

  /** Throws `FencedError`. */
  check(): void {
    const epoch = Atomics.load(this.#words, EPOCH);
    if (epoch !== this.epoch)
      throw new FencedError(
        `the service map was taken over by another agent (epoch ${epoch}, this one has ${this.epoch}); this one writes no more`,
      );
  }

  /** Of a service. Throws when all have been used, after four billion services. */
  nextUid(): number {
    const uid = Atomics.add(this.#words, LAST_UID, 1n) + 1n;
    if (uid > 0xffff_ffffn)
      throw new Error("all uids of services are used; drain the node and uninstall its service map");
    return Number(uid);
  }

  /** Of an image: not that of any image of the last four billion, and never 0. */
  nextGeneration(): number {
    const generation = BigInt.asUintN(32, Atomics.add(this.#words, LAST_GENERATION, 1n) + 1n);
    return generation === 0n ? this.nextGeneration() : Number(generation);
  }
}

const WORD = BigUint64Array.BYTES_PER_ELEMENT;
const EPOCH = Owner.offset.epoch / WORD;
const LAST_UID = Owner.offset.lastUid / WORD;
const LAST_GENERATION = Owner.offset.lastGeneration / WORD;
