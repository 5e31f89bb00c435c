import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";

const ROOT = join(import.meta.dirname, "../..");

/** Imports against the arrows of ARCHITECTURE.md, by the room in which they are planted. */
const FORBIDDEN: Readonly<Record<string, readonly string[]>> = {
  "packages/core/src/config": ["node:fs", "@carrick/xds/protocol", "../model/index.ts"],
  "packages/core/src/store": ["node:fs", "@carrick/xds", "@carrick/xds/protocol", "../model/index.ts"],
  "packages/core/src/model": ["node:fs", "@carrick/xds/protocol", "../ingest/index.ts", "../store/view.ts"],
  "packages/core/src/ingest": ["node:fs", "@carrick/kube", "@carrick/xds/protocol", "../derive/index.ts"],
  "packages/core/src/derive": ["node:fs", "@carrick/xds/protocol", "../ingest/index.ts", "../translate/index.ts"],
  "packages/core/src/derive/mesh": ["node:fs", "@carrick/xds/protocol", "../../translate/index.ts"],
  "packages/core/src/translate": ["node:fs", "@carrick/xds/protocol", "../ingest/index.ts", "../explain/index.ts"],
  "packages/core/src/explain": ["node:fs", "@carrick/xds/protocol", "../ingest/index.ts"],
  "packages/core/src/report": ["node:fs", "@carrick/xds/protocol", "../store/index.ts"],
  "packages/xds/src/protocol": ["@carrick/core/model", "@carrick/kube"],
  "packages/kube/src": ["@carrick/core/model", "@carrick/xds", "@carrick/xds/protocol"],
  "packages/controller/src": ["@carrick/cli", "@carrick/lab", "@carrick/testing"],
  "packages/controller/src/world": ["@carrick/lab", "../sources/source.ts", "../api/status.ts"],
  "packages/controller/src/config": ["@carrick/lab", "../world/world.ts"],
  "packages/controller/src/sources": ["@carrick/lab", "../api/status.ts"],
  "packages/agent/src": ["@carrick/controller", "@carrick/controller/main", "@carrick/cli", "@carrick/lab"],
  "packages/agent/src/net": ["@carrick/lab", "../bpf/index.ts"],
  "packages/agent/src/bpf": ["@carrick/lab", "../net/index.ts"],
  "packages/cli/src": ["@carrick/controller", "@carrick/controller/main", "@carrick/xds", "@carrick/xds/protocol"],
};

const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  "packages/core/src/translate": ["@carrick/proto/envoy/config/cluster/v3/cluster_pb.js", "../derive/index.ts"],
  "packages/xds/src/grpc": ["@carrick/proto/envoy/service/discovery/v3/discovery_pb.js", "node:fs"],
  "packages/controller/src": ["@carrick/core/model", "@carrick/xds/protocol", "@carrick/kube"],
};

let folder: string;
/** The planted files that the linter complains about. */
let complaints: ReadonlySet<string>;

const planted = (room: string, i: number, kind: string) => `${room}/${kind}-${i}.ts`;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "carrick-layout-"));
  copyFileSync(join(ROOT, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
  for (const [kind, rooms] of [["forbidden", FORBIDDEN] as const, ["allowed", ALLOWED] as const]) {
    for (const [room, imports] of Object.entries(rooms)) {
      for (const [i, from] of imports.entries()) {
        const file = join(folder, planted(room, i, kind));
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, `import { something } from "${from}";\n\nexport const used = something;\n`);
      }
    }
  }
  const { stdout, stderr } = spawnSync(join(ROOT, "node_modules/.bin/oxlint"), ["--format", "json", "."], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  assert.ok(stdout.startsWith("{"), stderr);
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] };
  const restricted = diagnostics.filter(({ code }) => code.includes("no-restricted-imports"));
  complaints = new Set(restricted.map(({ filename }) => filename.replace(/^\.\//, "")));
});

after(() => rmSync(folder, { recursive: true, force: true }));

for (const [room, imports] of Object.entries(FORBIDDEN)) {
  for (const [i, from] of imports.entries()) {
    test(`${room} may not import ${from}`, () => {
      assert.ok(complaints.has(planted(room, i, "forbidden")), "the linter lets it pass");
    });
  }
}

for (const [room, imports] of Object.entries(ALLOWED)) {
  for (const [i, from] of imports.entries()) {
    test(`${room} may import ${from}`, () => {
      assert.ok(!complaints.has(planted(room, i, "allowed")), "the linter refuses it");
    });
  }
}
