/** A load at a fixed rate that does not wait for answers: a slow server does not slow the questions down. */
import { type Connections, exchange, type Exchange, keepConnections, now, type Target } from "./exchange.ts";

export interface LoadOptions {
  /** Asked in turn. */
  readonly targets: readonly Target[];
  /** Requests a second, over all targets. */
  readonly rate: number;
  /** 1,000 when not given. */
  readonly timeoutMs?: number;
  /** Every n-th request opens a connection of its own; 5 when not given, 0 for none. */
  readonly freshEvery?: number;
  /** Requests that may be open at once; 1,000 when not given. One beyond it is not sent, which is an error in itself. */
  readonly maxOpen?: number;
  /** Exchanges that are kept; 200,000 when not given. The load ends itself there. */
  readonly maxRecords?: number;
}

export interface Load {
  /** What is complete so far, in the order of completion. */
  readonly records: readonly Exchange[];
  /** Resolves when `count` more exchanges are complete from now, or the load has ended. */
  more(count: number): Promise<void>;
  /** Sends no more, waits for what is open, and gives every exchange in the order of sending. */
  stop(): Promise<readonly Exchange[]>;
}

/** Starts a load. It runs until `stop`. */
export function startLoad(options: LoadOptions): Load {
  const { targets, rate, timeoutMs = 1000, freshEvery = 5, maxOpen = 1000, maxRecords = 200_000 } = options;
  if (targets.length === 0 || !(rate > 0)) throw new Error("load: needs a target and a rate above 0");
  const connections: Connections = keepConnections(maxOpen);
  const records: Exchange[] = [];
  const waiting = new Set<{ at: number; resolve: () => void }>();
  const open = new Set<Promise<void>>();
  const started = now();
  let sent = 0;
  let timer: NodeJS.Timeout | undefined;

  const complete = (record: Exchange): void => {
    records.push(record);
    for (const wait of waiting) {
      if (records.length < Math.min(wait.at, maxRecords)) continue;
      waiting.delete(wait);
      wait.resolve();
    }
  };
  const send = (): void => {
    const target = targets[sent % targets.length]!;
    const fresh = freshEvery > 0 && sent % freshEvery === 0;
    sent++;
    if (open.size >= maxOpen) {
      const error = `not sent: ${maxOpen} requests are open`;
      complete({ target: target.name, at: now(), ms: 0, status: 0, cluster: "", pod: "", error });
      return;
    }
    const call = exchange(target, timeoutMs, fresh ? undefined : connections).then((record) => {
      open.delete(call);
      complete(record);
    });
    open.add(call);
  };
  const tick = (): void => {
    const due = Math.min(maxRecords, Math.floor(((now() - started) * rate) / 1000) + 1);
    for (let missing = due - sent; missing > 0; missing--) send();
    timer = sent < maxRecords ? setTimeout(tick, Math.max(1, started + (sent * 1000) / rate - now())) : undefined;
  };
  tick();

  return {
    records,
    more: (count) =>
      new Promise((resolve) => {
        waiting.add({ at: records.length + count, resolve });
      }),
    stop: async () => {
      clearTimeout(timer);
      await Promise.all(open);
      connections.close();
      for (const { resolve } of waiting) resolve();
      return records.toSorted((a, b) => a.at - b.at);
    },
  };
}
