/**
 * A writer as a process of its own: `fixture.ts FOLDER CGROUP LOCK CLOCK`. It takes over what it finds, says `ready`,
 * and flips the service 10.96.0.1:80 between two sets for ever, by the clock of `churn.c`. Ends with code 3 when another
 * writer has the lock, with 4 when it was fenced.
 */
import { openSync } from "node:fs";
import { attachSocketPrograms, FencedError, loadPinned, LockHeldError, WriterLock } from "../index.ts";
import { frontend, group, service, SOCK_OBJECT, startWriter } from "../fixture.ts";
import { mapMemory } from "../kernel/memory.ts";

const CLOCK = 0;
/** So many that a takeover has something to read. */
const OTHERS = 500;

const SET_A = service([group(["10.1.0.1", "10.1.0.2", "10.1.0.3"])]);
const SET_B = service([group(["10.1.0.11"]), group(["10.1.0.12", "10.1.0.13"], { tier: 1 })]);

async function main([folder = "", cgroup = "", lockPath = "", clockPath = ""]: readonly string[]): Promise<never> {
  WriterLock.take(lockPath);
  const clock = new Uint32Array(mapMemory(clockPath, openSync(clockPath, "r+"), 4096));
  const object = loadPinned({ path: SOCK_OBJECT, folder });
  const { publisher } = await startWriter(object);
  // The writer before may have ended in the middle of a change: then either set is right until this one has written.
  if (Atomics.load(clock, CLOCK) % 2 === 0) Atomics.add(clock, CLOCK, 1);
  for (let i = 0; i < OTHERS; i++) {
    const others = service([group(["10.1.0.1", "10.1.0.2"])], { affinitySeconds: 60 });
    publisher.setService(`other-${i}`, others);
    publisher.setFrontend(frontend(`10.96.${1 + (i >> 8)}.${i & 255} 80`), `other-${i}`);
  }
  const publish = async (): Promise<void> => {
    const next = (Atomics.load(clock, CLOCK) + 1) / 2;
    publisher.setService("cart", next % 2 === 0 ? SET_A : SET_B);
    await publisher.flush();
    Atomics.add(clock, CLOCK, 1);
  };
  for (const layer4 of ["TCP", "UDP"] as const) publisher.setFrontend(frontend("10.96.0.1 80", layer4), "cart");
  await publish();
  publisher.complete();
  await publisher.flush();
  for (const { error } of attachSocketPrograms(object, cgroup, folder, ["connect4"]))
    if (error !== undefined) throw error;
  console.log("ready");
  for (;;) {
    Atomics.add(clock, CLOCK, 1);
    await publish();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const code = error instanceof LockHeldError ? 3 : error instanceof FencedError ? 4 : undefined;
  if (code === undefined) throw error;
  console.log((error as Error).message);
  process.exit(code);
}
