/** Rows as people read them: aligned on a terminal, and as Markdown in the documentation. */
import type { Row, Unit } from "./row.ts";

interface Cells {
  readonly what: string;
  readonly goal: string;
  readonly measured: string;
  readonly spread: string;
  readonly met: string;
}

const HEAD: Cells = { what: "what", goal: "goal", measured: "measured", spread: "runs", met: "" };

/** One line for each row, goal beside figure, then the notes. */
export function textTable(rows: readonly Row[]): string {
  const cells = [HEAD, ...rows.map(cellsOf)];
  const width = (column: keyof Cells): number => Math.max(...cells.map((row) => row[column].length));
  const [what, goal, measured] = [width("what"), width("goal"), width("measured")];
  const [met, spread] = [width("met"), width("spread")];
  const lines = cells.map((row) =>
    [
      row.what.padEnd(what),
      row.goal.padStart(goal),
      row.measured.padStart(measured),
      row.met.padStart(met),
      row.spread.padEnd(spread),
    ]
      .join("  ")
      .trimEnd(),
  );
  const notes = rows.flatMap(({ what: name, note }) => (note === undefined ? [] : [`${name}: ${note}`]));
  return `${[...lines, ...notes].join("\n")}\n`;
}

export function markdownTable(rows: readonly Row[]): string {
  const line = (row: Cells): string => `| ${row.what} | ${row.goal} | ${row.measured} | ${row.spread} | ${row.met} |`;
  const table = [line(HEAD), "|---|---:|---:|---|---|", ...rows.map((row) => line(cellsOf(row)))];
  const notes = rows.flatMap(({ what, note }) => (note === undefined ? [] : [`- ${what}: ${note}`]));
  return `${[...table, ...(notes.length > 0 ? ["", ...notes] : [])].join("\n")}\n`;
}

function cellsOf({ what, unit, goal, measured, runs, met, isVoid }: Row): Cells {
  const spread = runs.length === 1 ? "1 run" : `${number(Math.min(...runs))} – ${number(Math.max(...runs))}`;
  return {
    what,
    goal: goal === null ? "–" : `≤ ${quantity(goal, unit)}`,
    measured: quantity(measured, unit),
    spread,
    met: isVoid === true ? "void" : met === null ? "" : met ? "✓" : "✗",
  };
}

function quantity(value: number, unit: Unit): string {
  return unit === "" ? number(value) : `${number(value)} ${unit}`;
}

/** Three digits that mean something; whole numbers from 100 on, with a comma at each thousand. */
function number(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return new Intl.NumberFormat("en", { maximumFractionDigits: digits }).format(value);
}
