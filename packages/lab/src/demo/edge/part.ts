import type { PartDefinition } from "../part.ts";
import { invitation } from "./invitation.ts";
import { awaitStarted } from "./start-up.ts";
import { STEPS } from "./steps/index.ts";
import { startWorld, type World } from "./world.ts";

export const EDGE: PartDefinition<World> = {
  title: "Two clusters behind one edge, on 127.0.0.0/8, without root",
  starts: "2 API servers, 5 pods, 2 replicas of the controller, 2 Envoys: every one a process",
  steps: STEPS,
  unable: () => undefined,
  start: startWorld,
  settle: awaitStarted,
  invitation,
};
