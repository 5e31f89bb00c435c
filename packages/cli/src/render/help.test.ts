import assert from "node:assert/strict";
import { test } from "node:test";
import { fittedHelp } from "./help.ts";

test("tables and usage fit; prose stays as it is", () => {
  const help = `USAGE
  carrick go (--fleet name) (--controller host:port)...
  carrick go --help

Prose  of  any width stays as it is, for it was written so.

FLAGS
      --fleet   Where it goes, in words that are long
  -o [--output]  Form                                  [table|json, default = table]
  -h  --help    Print help information

ARGUMENTS
  url  Where
`;
  assert.deepEqual(fittedHelp(help, 40).split("\n"), [
    "USAGE",
    "  carrick go (--fleet name)",
    "      (--controller host:port)...",
    "  carrick go --help",
    "",
    "Prose  of  any width stays as it is, for it was written so.",
    "",
    "FLAGS",
    "      --fleet   Where it goes, in words",
    "                that are long",
    "  -o [--output]  Form [table|json,",
    "                 default = table]",
    "  -h  --help    Print help information",
    "",
    "ARGUMENTS",
    "  url  Where",
    "",
  ]);
});
