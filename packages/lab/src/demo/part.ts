/** A part of the demo: a world of its own, and the steps that work on it. */
import type { Checks } from "./checks.ts";
import type { RunFolder } from "./run-folder.ts";
import type { Step } from "./step.ts";

export interface PartDefinition<World extends { close(): Promise<unknown> }> {
  readonly title: string;
  /** What is started, for people. */
  readonly starts: string;
  readonly steps: readonly Step<World>[];
  /** Why it cannot run here, in a sentence with the fix; nothing when it can. */
  unable(): string | undefined;
  /** Throws when something does not start; what has started by then ends with this process. */
  start(run: RunFolder): Promise<World>;
  /** Waits until the world does what it was made for. */
  settle(world: World, checks: Checks): Promise<void>;
  /** What a person can try while it stays up; nothing when it does not stay. */
  invitation(world: World, checkout: string): string;
}

export type PartStep = Omit<Step<never>, "run">;

/** A definition whose world nobody else has to know. */
export interface Part extends Pick<PartDefinition<never>, "title" | "starts" | "unable"> {
  readonly steps: readonly PartStep[];
  open(run: RunFolder): Promise<OpenPart>;
}

export interface OpenPart {
  settle(checks: Checks): Promise<void>;
  run(step: PartStep, checks: Checks, fault: boolean): Promise<void>;
  invitation(checkout: string): string;
  /** Ends every process, whatever state it is in. */
  close(): Promise<void>;
}

export function partOf<World extends { close(): Promise<unknown> }>(definition: PartDefinition<World>): Part {
  const { title, starts, steps } = definition;
  return {
    title,
    starts,
    steps,
    unable: () => definition.unable(),
    open: async (run) => {
      const world = await definition.start(run);
      return {
        settle: (checks) => definition.settle(world, checks),
        run: (step, checks, fault) => steps.find(({ number }) => number === step.number)!.run(world, checks, fault),
        invitation: (checkout) => definition.invitation(world, checkout),
        close: async () => void (await world.close()),
      };
    },
  };
}
