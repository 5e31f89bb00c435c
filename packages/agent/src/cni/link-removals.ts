/**
 * Links that are to go, gathered while more of them come. To delete one, the kernel waits about 20 ms for those that may
 * still read it, and the agent with it; to delete fifty together it waits no longer.
 */
import { changeLink, deleteLink, deleteLinkGroup, findLink, type Rtnetlink } from "../net/index.ts";

/** Of links that are being deleted; a number that nobody chooses by chance ("CRKD"). */
const DOOMED = 0x4352_4b44;

/** Turns of the event loop without another one, after which no more are expected: a server accepts one in a turn. */
const QUIET_TURNS = 2;
const MOST = 256;

interface Removal {
  readonly name: string;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

export class LinkRemovals {
  readonly #net: Rtnetlink;
  #waiting: Removal[] = [];

  constructor(net: Rtnetlink) {
    this.#net = net;
  }

  /** Resolves when there is no link of that name; its other end is gone with it. Rejects with `SystemError`. */
  remove(name: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ name, resolve, reject });
      if (this.#waiting.length === 1) this.#gather(1, 0);
    });
  }

  #gather(seen: number, quiet: number): void {
    setImmediate(() => {
      const { length } = this.#waiting;
      const turns = length > seen ? 0 : quiet + 1;
      if (turns >= QUIET_TURNS || length >= MOST) this.#removeAll();
      else this.#gather(length, turns);
    });
  }

  #removeAll(): void {
    const all = this.#waiting;
    this.#waiting = [];
    const doomed: Removal[] = [];
    for (const removal of all) {
      try {
        const link = findLink(this.#net, removal.name);
        if (link === undefined) {
          removal.resolve();
          continue;
        }
        if (all.length === 1) deleteLink(this.#net, link.index);
        else changeLink(this.#net, link.index, { group: DOOMED });
        doomed.push(removal);
      } catch (error) {
        removal.reject(error);
      }
    }
    try {
      if (all.length > 1 && doomed.length > 0) deleteLinkGroup(this.#net, DOOMED);
      for (const { resolve } of doomed) resolve();
    } catch (error) {
      for (const { reject } of doomed) reject(error);
    }
  }
}
