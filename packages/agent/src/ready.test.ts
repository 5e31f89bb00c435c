import assert from "node:assert/strict";
import { test } from "node:test";
import { knowledge, serviceOf } from "./mesh/fixture.ts";
import { NodeTables } from "./mesh/node-tables.ts";
import { whyUnready } from "./ready.ts";

test("a node is ready when it knows its own cluster, whatever is known of the others, and stays so", () => {
  const tables = new NodeTables("london", { allowLoopback: false });
  const why = /^the agent has not heard everything of its cluster london yet; look at its log and at the controllers$/;
  assert.match(whyUnready(tables, "london")!, why);
  tables.take(serviceOf("london"));
  tables.take(knowledge("paris", true));
  tables.inStep();
  assert.match(whyUnready(tables, "london")!, why);
  tables.take(knowledge("london", true));
  assert.match(whyUnready(tables, "london")!, why, "promised is not known");
  tables.take(knowledge("oslo", false));
  tables.inStep();
  assert.equal(whyUnready(tables, "london"), undefined);
  tables.take(knowledge("london", false));
  assert.equal(whyUnready(tables, "london"), undefined);
});
