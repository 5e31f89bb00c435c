import type { Check } from "./check.ts";
import { paragraph, printable } from "./text.ts";

type Tone = "title" | "good" | "warning" | "bad";

/** Colours a piece of text, or gives it back as it is. */
export type CheckPaint = (tone: Tone, text: string) => string;

const TONE: Readonly<Record<Check["level"], Tone>> = {
  ok: "good",
  warning: "warning",
  unknown: "warning",
  problem: "bad",
};
const WIDEST = "problem".length;
const MARGIN = " ".repeat(WIDEST + 4);

/** What a doctor prints, in lines. */
export function checkLines(checks: readonly Check[], width: number, paint: CheckPaint): string[] {
  const areas = Map.groupBy(checks, ({ area }) => area);
  return [
    ...[...areas].flatMap(([area, found]) => [
      paint("title", printable(area)),
      ...found.flatMap((check) => linesOf(check, width, paint)),
    ]),
    "",
    summary(checks, paint),
  ];
}

function linesOf({ level, says, why, fix }: Check, width: number, paint: CheckPaint): string[] {
  const [first = "", ...rest] = paragraph(says, width, MARGIN);
  return [
    `  ${paint(TONE[level], level.padEnd(WIDEST))}  ${first.trimStart()}`,
    ...rest,
    ...(why === undefined ? [] : paragraph(`why: ${why}`, width, MARGIN)),
    ...(fix === undefined ? [] : paragraph(`fix: ${fix}`, width, MARGIN)),
  ];
}

function summary(checks: readonly Check[], paint: CheckPaint): string {
  const of = (level: Check["level"]) => checks.filter((check) => check.level === level).length;
  const [problems, unknown, warnings] = [of("problem"), of("unknown"), of("warning")];
  const found = [
    ...(problems > 0 ? [counted(problems, "problem")] : []),
    ...(unknown > 0 ? [`${unknown} not looked at`] : []),
    ...(warnings > 0 ? [counted(warnings, "warning")] : []),
  ];
  if (found.length === 0) return paint("good", `${counted(checks.length, "check")}, all fine.`);
  return paint(problems > 0 ? "bad" : "warning", `${counted(checks.length, "check")}: ${found.join(", ")}.`);
}

function counted(value: number, singular: string): string {
  return `${value} ${value === 1 ? singular : `${singular}s`}`;
}
