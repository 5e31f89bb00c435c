import type { Checks } from "./checks.ts";
import type { World } from "./edge/world.ts";

/** One part of the demo. It needs nothing but the start-up, and leaves everything running that ran before. */
export interface Step {
  readonly number: number;
  readonly title: string;
  /** What `DEMO_FAULT=<number>` plants; the checks of this step have to catch it. */
  readonly fault: string;
  run(world: World, checks: Checks, fault: boolean): Promise<void>;
}
