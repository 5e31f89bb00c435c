import type { Check } from "../doctor/check.ts";
import type { Paint, Tone } from "./paint.ts";
import { counted } from "./quantity.ts";
import { paragraph, printable } from "./text.ts";

const TONE: Readonly<Record<Check["level"], Tone>> = { ok: "good", warning: "warning", problem: "bad" };
const WIDEST = "problem".length;

/** What `carrick doctor` prints, in lines. */
export function renderDoctor(checks: readonly Check[], width: number, paint: Paint): string[] {
  const areas = Map.groupBy(checks, ({ area }) => area);
  return [
    ...[...areas].flatMap(([area, found]) => [
      paint("title", printable(area)),
      ...found.flatMap((check) => checkLines(check, width, paint)),
    ]),
    "",
    summary(checks, paint),
  ];
}

function checkLines({ level, says, fix }: Check, width: number, paint: Paint): string[] {
  const margin = " ".repeat(WIDEST + 4);
  const [first = "", ...rest] = paragraph(says, width, margin);
  return [
    `  ${paint(TONE[level], level.padEnd(WIDEST))}  ${first.trimStart()}`,
    ...rest,
    ...(fix === undefined ? [] : paragraph(`fix: ${fix}`, width, margin)),
  ];
}

function summary(checks: readonly Check[], paint: Paint): string {
  const problems = checks.filter(({ level }) => level === "problem").length;
  const warnings = checks.filter(({ level }) => level === "warning").length;
  const found = [
    ...(problems > 0 ? [counted(problems, "problem")] : []),
    ...(warnings > 0 ? [counted(warnings, "warning")] : []),
  ];
  if (found.length === 0) return paint("good", `${counted(checks.length, "check")}, all fine.`);
  return paint(problems > 0 ? "bad" : "warning", `${counted(checks.length, "check")}: ${found.join(", ")}.`);
}
