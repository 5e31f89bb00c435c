/** What a run could leave behind, as it is at one moment; and what is different at another. Pure. */

/** Lines of text, each naming one thing so that it is the same thing at another moment. */
export interface Snapshot {
  readonly namespaces: readonly string[];
  readonly links: readonly string[];
  readonly routes: readonly string[];
  readonly rules: readonly string[];
  readonly tables: readonly string[];
  readonly pins: readonly string[];
  readonly cgroups: readonly string[];
  readonly mounts: readonly string[];
  readonly files: readonly string[];
  readonly processes: readonly string[];
}

/** What one of each is called in a sentence. */
const WORDS: Readonly<Record<keyof Snapshot, string>> = {
  namespaces: "network namespace",
  links: "link",
  routes: "route",
  rules: "routing rule",
  tables: "nftables table",
  pins: "pin",
  cgroups: "cgroup",
  mounts: "mount",
  files: "file",
  processes: "process",
};

/** Sentences; none when nothing is different. */
export function compareSnapshots(before: Snapshot, after: Snapshot): string[] {
  return (Object.keys(WORDS) as (keyof Snapshot)[]).flatMap((kind) => [
    ...without(after[kind], before[kind]).map(
      (line) => `${WORDS[kind]} ${line} was not there before and is there now.`,
    ),
    ...without(before[kind], after[kind]).map((line) => `${WORDS[kind]} ${line} was there before and is gone.`),
  ]);
}

/** As often as it stands more often in `lines` than in `others`. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of others) counts.set(line, (counts.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = counts.get(line) ?? 0;
    counts.set(line, count - 1);
    return count <= 0;
  });
}
