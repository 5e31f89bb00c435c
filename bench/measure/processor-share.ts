/** How quiet the machine is, for times of work that nothing is compared with. */

const LOOK_MS = 300;

/** By how much work takes longer than its CPU time just now: 1 where a processor is free for it. */
export function slowdown(): number {
  const before = process.cpuUsage();
  const began = performance.now();
  while (performance.now() - began < LOOK_MS);
  const elapsed = performance.now() - began;
  const { user, system } = process.cpuUsage(before);
  return Math.max(1, (elapsed * 1000) / (user + system));
}
