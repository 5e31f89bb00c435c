/** Work in order for each key, side by side between keys. */

/** More work waits for a key than a sane caller asks for. */
export class QueueFullError extends Error {
  override readonly name = "QueueFullError";
}

export class SerialQueues<K> {
  readonly #most: number;
  readonly #queues = new Map<K, { last: Promise<unknown>; size: number }>();

  /** `most`: pieces of work for one key, the one that runs among them. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Runs when all earlier work for the key has ended, however it ended. Rejects with `QueueFullError`. */
  run<T>(key: K, work: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(key) ?? { last: Promise.resolve(), size: 0 };
    if (queue.size >= this.#most) {
      const why = `${String(key)}: ${queue.size} operations wait already; wait for their answers`;
      return Promise.reject(new QueueFullError(why));
    }
    queue.size++;
    this.#queues.set(key, queue);
    const done = queue.last.then(work).finally(() => {
      if (--queue.size === 0) this.#queues.delete(key);
    });
    queue.last = done.catch(() => undefined);
    return done;
  }

  /** Whether work for the key runs or waits. */
  busy(key: K): boolean {
    return this.#queues.has(key);
  }
}
