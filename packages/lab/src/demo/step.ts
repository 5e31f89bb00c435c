import type { Checks } from "./checks.ts";

/** One thing that the demo shows. It needs nothing but the start-up, and leaves everything running that ran before. */
export interface Step<World> {
  readonly number: number;
  readonly title: string;
  /** What `DEMO_FAULT=<number>` plants; the checks of this step have to catch it. */
  readonly fault: string;
  run(world: World, checks: Checks, fault: boolean): Promise<void>;
}
