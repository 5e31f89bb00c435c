import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { test } from "node:test";
import { Terminal } from "./terminal.ts";

const CHECK = { claim: "requests that failed", value: 0, unit: "", figure: "0", bound: "0", met: true };
const PASSED = `   ✓ ${"requests that failed".padEnd(46)} ${"0".padStart(14)}   0\n`;

function written(terminal: boolean, use: (terminal: Terminal) => void): string {
  let text = "";
  use(new Terminal({ terminal, write: (more) => void (text += more) }));
  return text;
}

test("figures stand beside their bounds; what happens now stays in a log", () => {
  const text = written(false, (terminal) => {
    terminal.title("1  Title");
    terminal.now("asking");
    terminal.check(CHECK);
    terminal.check({ ...CHECK, met: false, figure: "3" });
  });
  const failed = PASSED.replace("✓", "✗").replace(`${"0".padStart(14)} `, `${"3".padStart(14)} `);
  assert.equal(stripVTControlCharacters(text), `\n1  Title\n   … asking\n${PASSED}${failed}`);
});

test("on a terminal, what happens now is overwritten by what follows", () => {
  const text = written(true, (terminal) => {
    terminal.now("asking");
    terminal.now("asking more");
    terminal.line("done");
  });
  const [first, second, last] = text.split("\r\u001b[K").map(stripVTControlCharacters);
  assert.deepEqual([first, second, last], ["   … asking", "   … asking more", "done\n"]);
});
