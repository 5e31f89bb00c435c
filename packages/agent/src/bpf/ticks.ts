/** Time as the programs count it. */
import { TICK_SHIFT } from "./layout/generated.ts";

/** CLOCK_MONOTONIC in ticks of about 1.07 s. Never 0, which in the maps means no time. */
export function ticksNow(): number {
  return Number(process.hrtime.bigint() >> BigInt(TICK_SHIFT)) + 1;
}
