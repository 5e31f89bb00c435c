import { refText } from "@carrick/core/model";
import { type Citation, type ExplainStep, printable, wrap } from "@carrick/core/report";
import type { Paint } from "./paint.ts";

/** Decisions in their order, each with the objects that it rests on. */
export function stepsLines(steps: readonly ExplainStep[], width: number, paint: Paint): string[] {
  return steps.flatMap((step, i) => stepLines(step, i === steps.length - 1, width, paint));
}

function stepLines(step: ExplainStep, last: boolean, width: number, paint: Paint): string[] {
  const [branch, trunk] = last ? ["└─", "  "] : ["├─", "│ "];
  const what = printable(step.what);
  const [first = "", ...more] = wrap(printable(step.says), Math.max(30, width - what.length - 5));
  const margin = `${trunk}  `;
  return [
    `${branch} ${paint("title", what)}: ${first}`,
    ...wrap(more.join(" "), Math.max(30, width - margin.length)).flatMap((line) =>
      line === "" ? [] : [`${margin}${line}`],
    ),
    ...step.because.map((cited, i) => {
      const leaf = i === step.because.length - 1 ? "└─" : "├─";
      return `${trunk} ${leaf} ${paint("quiet", citation(cited))}`;
    }),
  ];
}

function citation(cited: Citation): string {
  const version = cited.resourceVersion === "" ? "not there" : `resourceVersion ${cited.resourceVersion}`;
  return printable(`${refText(cited)} (${version})`);
}
