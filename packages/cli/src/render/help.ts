import { wrap } from "@carrick/core/report";

/** Below these headings stand rows: a name, then what it is. */
const ROWS = new Set(["FLAGS", "ARGUMENTS", "COMMANDS"]);
const ROW = /^( +(?:-\w +)?\S+ {2,})(\S.*)$/;
const USAGE_MARGIN = " ".repeat(6);

/** Help as the command line's library writes it, with its tables and its usage fitted into `width` columns. */
export function fittedHelp(help: string, width: number): string {
  let heading = "";
  return help
    .split("\n")
    .flatMap((line) => {
      if (/^[A-Z]/.test(line)) heading = line;
      const [, name, says] = (ROWS.has(heading) ? ROW.exec(line) : undefined) ?? [];
      if (name !== undefined && says !== undefined) return row(name, says, width);
      return heading === "USAGE" && line.length > width ? usage(line.trim(), width) : [line];
    })
    .join("\n");
}

/** The library pads what it says to the longest of all rows, so that defaults stand in a column of their own. */
function row(name: string, says: string, width: number): string[] {
  const lines = wrap(says.replaceAll(/ {2,}/g, " "), width - name.length);
  return lines.map((line, i) => `${i === 0 ? name : " ".repeat(name.length)}${line}`);
}

/** `(--flag value)` stays on one line. */
function usage(line: string, width: number): string[] {
  const held = line.replaceAll(/\([^)]*\)/g, (flag) => flag.replaceAll(" ", "\u00a0"));
  return wrap(held, width - USAGE_MARGIN.length).map(
    (part, i) => `${i === 0 ? "  " : USAGE_MARGIN}${part.replaceAll("\u00a0", " ")}`,
  );
}
