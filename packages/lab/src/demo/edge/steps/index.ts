import type { Step } from "../../step.ts";
import type { World } from "../world.ts";
import { brokenObjects } from "./broken-objects.ts";
import { drain } from "./drain.ts";
import { endpointGoes } from "./endpoint-goes.ts";
import { explain } from "./explain.ts";
import { losses } from "./losses.ts";
import { newHost } from "./new-host.ts";
import { oneHostTwoClusters } from "./one-host-two-clusters.ts";

export const STEPS: readonly Step<World>[] = [
  oneHostTwoClusters,
  newHost,
  endpointGoes,
  brokenObjects,
  losses,
  drain,
  explain,
];
