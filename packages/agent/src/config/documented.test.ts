import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseConfig } from "@carrick/core/config";
import { z } from "zod";
import { configSchema } from "./schema.ts";

const document = readFileSync(new URL("../../../../docs/agent.md", import.meta.url), "utf8");

type Schema = { readonly properties?: Readonly<Record<string, Schema>>; readonly default?: unknown };

/** Settings that hold no others, as `bpf.folder`. Addresses and files are explained with what they are of. */
function settings(schema: Schema, prefix = ""): [path: string, given: unknown][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]): [string, unknown][] => {
    const explained = inner.properties === undefined || name === "tls" || name === "metrics";
    return explained ? [[prefix + name, inner.default]] : settings(inner, `${prefix}${name}.`);
  });
}

for (const [path, given] of settings(z.toJSONSchema(configSchema, { io: "input" }) as Schema)) {
  test(`docs/agent.md explains ${path}, with its default`, () => {
    const [, fallback = ""] =
      new RegExp(`^\\| \`${path.replaceAll(".", "\\.")}\` \\|.*\\| (.*?) \\|$`, "m").exec(document) ?? [];
    assert.notEqual(fallback, "");
    const text = typeof given === "string" ? given : JSON.stringify(given);
    if (given !== undefined) assert.equal(fallback, fallback.startsWith("`") ? `\`${text}\`` : text);
  });
}

test("the example of docs/agent.md is right", () => {
  const [, example = ""] = /```yaml\n([^]*?)```/.exec(document) ?? [];
  assert.equal(parseConfig(example, "docs/agent.md", configSchema).node, "n1");
});
