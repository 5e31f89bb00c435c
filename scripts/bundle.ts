/** Bundles each program into one file under build/, skipping those whose inputs have not changed. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const PROGRAMS: Readonly<Record<string, string>> = {
  agent: "packages/agent/src/main.ts",
  controller: "packages/controller/src/main.ts",
  carrick: "packages/cli/src/main.ts",
  lab: "packages/lab/src/main.ts",
};

/** Some libraries are CommonJS and ask for `require` at run time. */
const BANNER =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

for (const [name, entry] of Object.entries(PROGRAMS)) {
  const output = `build/${name}.mjs`;
  const stamp = `build/.${name}.json`;
  if (existsSync(output) && existsSync(stamp) && unchanged(JSON.parse(readFileSync(stamp, "utf8")))) continue;
  process.stderr.write(`build: ${output}\n`);
  const result = await build({
    entryPoints: [entry],
    outfile: output,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    conditions: ["source"],
    banner: { js: BANNER },
    external: ["pino-pretty"],
    // V8 keeps the whole text in memory, with comments that are not Latin-1 twice as long. Names and lines stay.
    minifyWhitespace: true,
    lineLimit: 120,
    sourcemap: "linked",
    metafile: true,
    logLevel: "error",
    write: false,
  });
  // Moved to its place as a whole: a program that starts meanwhile reads the old file or the new one. The map goes first.
  for (const file of result.outputFiles.toSorted((a, b) => b.path.length - a.path.length)) {
    writeFileSync(`${file.path}.new`, file.contents);
    renameSync(`${file.path}.new`, file.path);
  }
  const inputs = Object.keys(result.metafile.inputs).filter((file) => existsSync(file));
  writeFileSync(stamp, JSON.stringify(Object.fromEntries(inputs.map((file) => [file, digest(file)]))));
}

function unchanged(inputs: Readonly<Record<string, string>>): boolean {
  return Object.entries(inputs).every(([file, was]) => existsSync(file) && digest(file) === was);
}

function digest(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 16);
}
