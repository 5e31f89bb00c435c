/** `scripts/bench`: runs benchmarks, prints goal beside figure, leaves `bench/out/<name>.json`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BENCHMARKS } from "./benchmarks.ts";
import type { Effort } from "./measure/run.ts";
import { withFigures } from "./report/documents.ts";
import { origin } from "./report/machine.ts";
import { record, recorded } from "./report/records.ts";
import { toRow } from "./report/row.ts";
import { textTable } from "./report/table.ts";

const HELP = `scripts/bench [NAME…] [--runs N | --quick] [--out FOLDER]
scripts/bench --docs

Without a name all are run: ${Object.keys(BENCHMARKS).join(", ")}.

  --runs N       runs of each world, whose median is the figure; default 3
  --quick        small worlds, one run: shows that the benchmarks work, not what they would say
  --out FOLDER   where the figures are written; default bench/out
  --docs         write the figures of bench/out into docs/benchmarks.md

Exit codes: 0 measured (a goal that is missed is a result), 1 a measurement failed, 2 wrong arguments.
`;

const FULL: Effort = { smoke: false, runs: 3, changes: 100, idleMs: 3000 };
const QUICK: Effort = { smoke: true, runs: 1, changes: 4, idleMs: 200 };

const ROOT = join(import.meta.dirname, "..");
const DOCUMENT = join(ROOT, "docs", "benchmarks.md");

async function main(argv: readonly string[]): Promise<number> {
  let options: ReturnType<typeof read>;
  try {
    options = read(argv);
  } catch (error) {
    return complain(error, 2);
  }
  const { names, out, help, effort, docs } = options;
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (docs) return writeDocument(out);
  let failed = 0;
  for (const name of names) {
    if (BENCHMARKS[name]!.needsRoot === true && process.getuid?.() !== 0) {
      process.stderr.write(`${name}: left out; it makes network namespaces and loads eBPF, so run it as root\n`);
      continue;
    }
    try {
      await runOne(name, effort, out);
    } catch (error) {
      failed = complain(error instanceof Error ? (error.stack ?? error.message) : error, 1);
    }
  }
  return failed;
}

function read(argv: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      runs: { type: "string" },
      out: { type: "string", default: join(ROOT, "bench", "out") },
      docs: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const names = positionals.length > 0 ? positionals : Object.keys(BENCHMARKS);
  const unknown = names.find((name) => BENCHMARKS[name] === undefined);
  if (unknown !== undefined) {
    throw new Error(`there is no benchmark ${unknown}; the benchmarks are ${Object.keys(BENCHMARKS).join(", ")}`);
  }
  const { runs, quick, ...rest } = values;
  if (runs !== undefined && !/^[1-9]\d?$/.test(runs)) throw new Error(`--runs ${runs}: give a number from 1 to 99`);
  const effort = quick ? QUICK : runs === undefined ? FULL : { ...FULL, runs: Number(runs) };
  return { names, effort, ...rest };
}

async function runOne(name: string, effort: Effort, out: string): Promise<void> {
  const { title, measure } = BENCHMARKS[name]!;
  process.stderr.write(`${name}: ${title}\n`);
  const progress = (what: string): void => void process.stderr.write(`   … ${what}\n`);
  const figures = await measure({ effort, folder: join(ROOT, ".lab", `bench-${process.pid}`), progress });
  const rows = figures.map((figure) => toRow(name, figure));
  const file = record(out, name, rows, origin(new Date()));
  process.stdout.write(`\n${name}: ${title}\n${textTable(rows)}${file}\n\n`);
}

function writeDocument(out: string): number {
  const { text, left } = withFigures(readFileSync(DOCUMENT, "utf8"), (bench) => recorded(out, bench));
  writeFileSync(DOCUMENT, text);
  for (const bench of left)
    process.stderr.write(`bench: ${bench} has no figures in ${out}; its section stays as it is\n`);
  return 0;
}

function complain(error: unknown, code: number): number {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  return code;
}

process.exit(await main(process.argv.slice(2)));
