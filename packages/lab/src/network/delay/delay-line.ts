/** Packets that wait, each for the same time: the first in is the first out. Pure; the clock enters as an argument. */

/** 30 MB of packets of 1,500 bytes: more than a line of 100 Mbit/s holds in two seconds. */
const MAX_PACKETS = 20_000;

interface Waiting {
  readonly due: number;
  readonly packet: Uint8Array;
}

export class DelayLine {
  readonly #delayMs: number;
  #waiting: Waiting[] = [];
  /** What stands before it in `#waiting` has left. */
  #head = 0;

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  /** `false` when the line is full: the packet is lost, as on a real one. */
  push(packet: Uint8Array, now: number): boolean {
    if (this.#waiting.length - this.#head >= MAX_PACKETS) return false;
    this.#waiting.push({ due: now + this.#delayMs, packet });
    return true;
  }

  /** The next packet whose time has come. */
  pull(now: number): Uint8Array | undefined {
    const first = this.#waiting[this.#head];
    if (first === undefined || first.due > now) return undefined;
    this.#head++;
    if (this.#head > 1000 && this.#head * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    return first.packet;
  }

  /** Milliseconds until the next packet's time comes, rounded up; `undefined` when none waits. */
  waitMs(now: number): number | undefined {
    const first = this.#waiting[this.#head];
    return first === undefined ? undefined : Math.max(0, Math.ceil(first.due - now));
  }
}
