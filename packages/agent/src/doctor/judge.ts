import type { Check } from "@carrick/core/report";
import { type Findings, type Need, NEEDS, type NeedName } from "./needs.ts";

/** Whether the node's pods are to be Carrick's: by its configuration, or `maybe` without one. */
export type Pods = "yes" | "no" | "maybe";

/** What the findings mean for the mesh on this node. Needs without a finding are not told. */
export function judge(findings: Findings, pods: Pods): Check[] {
  return (Object.entries(NEEDS) as [NeedName, Need][]).flatMap(([name, need]): Check[] => {
    const finding = findings[name];
    if (finding === undefined || (need.for === "pods" && pods === "no")) return [];
    const { area, why, fix, look } = need;
    if ("met" in finding) return [{ area, level: "ok", says: finding.met }];
    if ("unseen" in finding)
      return [{ area, level: "unknown", says: `${look} was not tried: ${finding.unseen}`, fix: LOOK_AGAIN }];
    const fatal = need.for === "mesh" || (need.for === "pods" && pods === "yes");
    return [{ area, level: fatal ? "problem" : "warning", says: finding.missing, why, fix }];
  });
}

const LOOK_AGAIN = "run this again as root, when what else is told here is mended";

/** Of the process. 3: the mesh cannot run here. 4: what was looked at is well, and not everything was. */
export function exitCode(checks: readonly Check[]): 0 | 3 | 4 {
  if (checks.some(({ level }) => level === "problem")) return 3;
  return checks.some(({ level }) => level === "unknown") ? 4 : 0;
}
