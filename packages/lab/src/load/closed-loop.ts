/** A number of requests as fast as a few connections carry them. */
import { exchange, type Exchange, keepConnections, type Target } from "./exchange.ts";

/** Sends `count` requests to the targets in turn over `parallel` kept connections; gives them in order of completion. */
export async function sendMany(
  targets: readonly Target[],
  count: number,
  { parallel = 4, timeoutMs = 1000 }: { readonly parallel?: number; readonly timeoutMs?: number } = {},
): Promise<readonly Exchange[]> {
  const connections = keepConnections(parallel);
  const records: Exchange[] = [];
  let sent = 0;
  const worker = async (): Promise<void> => {
    while (sent < count) records.push(await exchange(targets[sent++ % targets.length]!, timeoutMs, connections));
  };
  try {
    await Promise.all(Array.from({ length: parallel }, worker));
    return records;
  } finally {
    connections.close();
  }
}
