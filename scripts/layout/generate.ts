/** Writes the codecs of an object's BTF: `generate.ts OBJECT MODULE`. */
import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type BtfType, codecs } from "./codecs.ts";

const [object, module] = process.argv.slice(2);
if (object === undefined || module === undefined) throw new Error("usage: generate.ts OBJECT MODULE");
const dump = execFileSync("bpftool", ["btf", "dump", "file", object, "--json"], { encoding: "utf8" });
const { types } = JSON.parse(dump) as { readonly types: readonly BtfType[] };
mkdirSync(dirname(module), { recursive: true });
// Moved to its place as a whole: who imports it meanwhile reads the old module or the new one.
writeFileSync(`${module}.new`, codecs(types));
renameSync(`${module}.new`, module);
