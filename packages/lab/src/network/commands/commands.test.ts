import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { spawnTied } from "../../process/index.ts";
import { takeDown } from "../apply/network.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

function lab(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--conditions=source", MAIN, ...args], {
    encoding: "utf8",
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

test("a run comes up, is shown, cut, healed, entered, and goes down", async (t) => {
  const run = `t${randomBytes(4).toString("hex")}`;
  t.after(() => takeDown(run));
  const on = (name: string, ...args: string[]) => lab(name, "--run", run, ...args);
  const lines = (text: string): string[] => text.trim().split("\n");

  assert.match(
    on("status").stderr,
    /^lab status: run t\w+ is not up, or its state is lost \(ENOENT.*carrick lab up\n$/,
  );
  assert.match(on("up").stdout, /is up, in \d+ ms\n$/);
  assert.match(on("up").stdout, /stands already, untouched\n$/);
  const shown = lines(on("status").stdout);
  assert.equal(shown[0], `run ${run}: 2 clusters, 0 processes`);
  assert.ok(shown.includes("  london/n2  172.30.1.12   fd30::1:12   10.11.2.0/24  fd10:1:2::/64"));
  assert.ok(shown.includes("nothing is cut"));

  const inside = on("exec", "london/n2", "--", "sh", "-c", "cat /proc/net/fib_trie /proc/self/cgroup; exit 7");
  assert.equal(inside.status, 7);
  assert.match(inside.stdout, /172\.30\.1\.12/);
  assert.match(inside.stdout, new RegExp(`^0::.*/${run}/london-n2$`, "m"));

  assert.deepEqual(on("cut", "paris"), { status: 0, stdout: "", stderr: "" });
  assert.deepEqual(on("cut", "--from", "london/n1", "--to", "edge", "--loss", "20%"), {
    status: 0,
    stdout: "",
    stderr: "",
  });
  const cut = lines(on("status").stdout);
  for (const line of ["  paris > * 100%  0", "  * > paris 100%  0", "  london/n1 > edge 20%  0"])
    assert.ok(cut.includes(line), line);
  assert.equal(on("heal", "paris").status, 0);
  assert.ok(!on("status").stdout.includes("paris >"));

  rmSync(`/run/carrick-lab/${run}`, { recursive: true });
  assert.match(on("cut", "paris").stderr, /its state is lost/);
  assert.match(on("down").stdout, /is down: 9 namespaces removed, 0 processes ended\n$/);
  assert.match(on("down").stdout, /is down: 0 namespaces removed/);
});

test("a delay lasts as long as its command", async (t) => {
  const run = `t${randomBytes(4).toString("hex")}`;
  t.after(() => takeDown(run));
  lab("up", "--run", run);
  const args = ["--conditions=source", MAIN, "cut", "--run", run, "paris", "--delay", "40ms"];
  const held = await spawnTied({ command: process.execPath, args, stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(createInterface({ input: held.child.stdout! }), "line");
  assert.equal(line, "held back by 40 ms until this command ends (Ctrl-C)");
  const shown = lab("status", "--run", run).stdout;
  assert.match(shown, /^held back: paris > \* 40 ms\nheld back: \* > paris 40 ms$/m);
  assert.deepEqual(await held.stop(), { code: 0, signal: null });
  assert.doesNotMatch(lab("status", "--run", run).stdout, /held back/);

  const lost = await spawnTied({ command: process.execPath, args, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  lost.child.stderr!.on("data", (text) => (said += String(text)));
  await once(createInterface({ input: lost.child.stdout! }), "line");
  lab("down", "--run", run);
  assert.equal((await lost.exited).code, 1);
  assert.equal(said, "lab cut: a relay has ended: the lab was taken down, or somebody killed it\n");
});

test("words that make no sense are exit 2 and a sentence, places that are not there exit 1", (t) => {
  const run = `t${randomBytes(4).toString("hex")}`;
  t.after(() => takeDown(run));
  lab("up", "--run", run);
  const table: [string[], number, RegExp][] = [
    [["up", "now"], 2, /^lab up: "now" means nothing here; lab up --help says more$/],
    [["up", "--run", "a-b"], 2, /"a-b" cannot name a run of the lab/],
    [["up", "--fast"], 2, /Unknown option '--fast'/],
    [["up", "--topology", "/absent.yaml"], 1, /^lab up: \/absent\.yaml: cannot be read/],
    [["cut"], 2, /name a place, or a line by --from and --to/],
    [["cut", "paris", "--to", "london"], 2, /name a place, or a line/],
    [["cut", "paris", "--delay", "long"], 2, /--delay long is no time; write one like 40ms/],
    [["cut", "paris", "--delay", "1", "--loss", "1"], 2, /--loss and --delay are two cuts/],
    [["cut", "paris", "--loss", "some"], 2, /--loss some is no share of packets/],
    [["cut", "paris", "--loss", "0", "--run", run], 1, /a loss of 0 percent cannot be/],
    [["cut", "berlin", "--run", run], 1, /"berlin" is no place of this lab; the places are london, paris, /],
    [["exec", "paris/n9", "--run", run, "--", "true"], 1, /"paris\/n9" is no place of this lab/],
    [["exec", "paris/n1"], 2, /name a place and, behind --, a command/],
    [["heal", "berlin", "--run", run], 1, /"berlin" is no place of this lab/],
    [["heal", "a", "b"], 2, /"b" is one place too many/],
  ];
  for (const [args, status, message] of table) {
    const result = lab(...args);
    assert.deepEqual([result.status, result.stdout], [status, ""], args.join(" "));
    assert.match(result.stderr.trim(), message, args.join(" "));
  }
});
