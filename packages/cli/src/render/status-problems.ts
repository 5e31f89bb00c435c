import { refText } from "@carrick/core/model";
import { type ObjectProblem, paragraph, type StatusReport } from "@carrick/core/report";
import { type Agreed, agreed, type Said, whoSays } from "./agreed.ts";
import type { Paint } from "./paint.ts";
import { counted } from "./quantity.ts";

/** Every object with a problem, and below it what is wrong. What only some replicas say has their names. */
export function problemLines(reports: readonly StatusReport[], width: number, paint: Paint): string[] {
  const said = reports.flatMap(({ replica, problems }) => problems.map((one): Said<ObjectProblem> => [replica, one]));
  const problems = agreed(said, (one) => JSON.stringify(one));
  const more = Math.max(0, ...reports.map(({ moreProblems }) => moreProblems));
  if (problems.length === 0 && more === 0) return [paint("good", "No object has a problem.")];
  const objects = new Set(problems.map(({ values: [{ object }] }) => refText(object))).size;
  const head = counted(problems.length + more, "problem");
  return [
    paint("title", more > 0 ? `${head}, the first ${problems.length} are` : `${head} on ${counted(objects, "object")}`),
    ...[...byHead(problems, reports.length)].flatMap(([first, found]) => [
      ...paragraph(first, width, "  ").map((line) => paint("warning", line)),
      ...found.flatMap(({ values: [{ problem }] }) => {
        const at = problem.path === "" ? "" : `${problem.path}: `;
        return paragraph(`${at}${problem.message} [${problem.code}]`, width, "    ");
      }),
    ]),
  ];
}

function byHead(problems: readonly Agreed<ObjectProblem>[], replicas: number) {
  return Map.groupBy(problems, (found) => headOf(found, whoSays(found, replicas)));
}

/** The object, its version (it has none where it is named but not there), the one that serves, and who says so. */
function headOf({ values: [{ object, heldVersion }] }: Agreed<ObjectProblem>, who: string | undefined): string {
  const more = [
    ...(object.resourceVersion === "" ? [] : [`resourceVersion ${object.resourceVersion}`]),
    ...(heldVersion === undefined ? [] : [`${heldVersion} still serves`]),
    ...(who === undefined ? [] : [`says ${who}`]),
  ].join("; ");
  return `${refText(object)}${more === "" ? "" : ` (${more})`}`;
}
