import { EDGE } from "./edge/part.ts";
import { MESH } from "./mesh/part.ts";
import { type Part, type PartStep, partOf } from "./part.ts";

export const PARTS: readonly Part[] = [partOf(EDGE), partOf(MESH)];

export const STEPS: readonly PartStep[] = PARTS.flatMap(({ steps }) => steps);
