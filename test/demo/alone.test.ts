/** What docs/demo.md promises of `./carrick demo 3 5`: a step needs nothing of the others. */
import { holdsAlone } from "./steps.ts";

for (const step of [1, 2, 3, 4, 5, 6, 7]) holdsAlone(step);
