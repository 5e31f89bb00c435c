import type { Step } from "../../step.ts";
import type { MeshWorld } from "../world.ts";
import { agentDies } from "./agent-dies.ts";
import { backendsChange } from "./backends-change.ts";
import { cleanUp } from "./clean-up.ts";
import { controllersDie } from "./controllers-die.ts";
import { cutOff } from "./cut-off.ts";
import { drain } from "./drain.ts";
import { explain } from "./explain.ts";
import { oneService } from "./one-service.ts";

export const STEPS: readonly Step<MeshWorld>[] = [
  oneService,
  backendsChange,
  controllersDie,
  agentDies,
  cutOff,
  drain,
  explain,
  cleanUp,
];
