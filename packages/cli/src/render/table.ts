import { Table } from "console-table-printer";

export interface Column {
  readonly title: string;
  readonly align?: "right";
}

const NOTHING = { left: "", right: "", mid: "", other: "" };
const BORDERLESS = {
  headerTop: NOTHING,
  headerBottom: NOTHING,
  tableBottom: NOTHING,
  rowSeparator: NOTHING,
  vertical: "",
};

/** Lines of a table without borders, the titles first. Cells may carry colours. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const drawn = new Table({
    style: BORDERLESS,
    shouldDisableColors: true,
    columns: columns.map(({ title, align }, i) => ({ name: `c${i}`, title, alignment: align ?? "left" })),
  });
  for (const row of rows) drawn.addRow(Object.fromEntries(row.map((cell, i) => [`c${i}`, cell])));
  return drawn
    .render()
    .split("\n")
    .map((line) => line.slice(1).trimEnd())
    .filter((line) => line !== "");
}
