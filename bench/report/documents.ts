/** Puts figures into the documentation, between markers, so that none is ever typed. */
import type { Recorded } from "./records.ts";
import { markdownTable } from "./table.ts";

/** `<!-- figures B10 -->` … `<!-- end -->` */
const SECTION = /<!-- figures ([\w-]+) -->\n[\s\S]*?<!-- end -->/g;

/** Rewrites every section whose benchmark has been run; names those that were left as they are. */
export function withFigures(
  document: string,
  figures: (bench: string) => readonly Recorded[] | undefined,
): { readonly text: string; readonly left: readonly string[] } {
  const left: string[] = [];
  const text = document.replaceAll(SECTION, (section, bench: string) => {
    const rows = figures(bench);
    if (rows === undefined || rows.length === 0) {
      left.push(bench);
      return section;
    }
    const { commit, date, machine, node, envoy } = rows[0]!;
    const where = `\`make bench B=${bench}\` at ${commit}, ${date.slice(0, 10)}; ${machine}; Node ${node}, Envoy ${envoy}.`;
    return `<!-- figures ${bench} -->\n\n${where}\n\n${markdownTable(rows)}\n<!-- end -->`;
  });
  return { text, left };
}
