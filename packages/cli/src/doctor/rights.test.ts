import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { json as readJson } from "node:stream/consumers";
import { test } from "node:test";
import { createClient, openAccess } from "@carrick/kube";
import { answering, json, temporaryFolder } from "../fixture.ts";
import { checkRights } from "./rights.ts";

/** What the reviews of an API server lead to, and what was asked of it. */
async function rights(review: (resource: string, verb: string) => boolean) {
  using folder = temporaryFolder();
  const asked: string[] = [];
  const answer: RequestListener = (request, response) => {
    void readJson(request).then((body) => {
      const { resource, verb } = (body as { spec: { resourceAttributes: { resource: string; verb: string } } }).spec
        .resourceAttributes;
      asked.push(`${verb} ${resource}`);
      json({ kind: "SelfSubjectAccessReview", status: { allowed: review(resource, verb) } }, 201)(request, response);
    });
  };
  await using server = await answering(answer);
  const kubeconfig = join(folder.path, "kubeconfig");
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "c" } }],
      clusters: [{ name: "c", cluster: { server: server.url } }],
    }),
  );
  const client = createClient({ access: openAccess({ kubeconfig }) });
  try {
    const checks = await checkRights("c", client);
    return { asked, found: checks.map(({ level, says }) => `${level}: ${says}`) };
  } finally {
    client.close();
  }
}

test("each kind is reviewed for list and watch", async () => {
  const { asked, found } = await rights(() => true);
  assert.deepEqual(found, ["ok: may list and watch every kind that the controller reads"]);
  assert.equal(new Set(asked).size, 18);
});

test("what is not allowed is named; Secrets may be granted by name, so they are only a warning", async () => {
  const { found } = await rights((resource, verb) =>
    verb === "list" && resource !== "secrets" ? true : resource === "nodes",
  );
  assert.deepEqual(found, [
    "problem: may not watch clusters, watch namespaces, watch pods, watch services, watch endpointslices, watch ingressclasses, watch ingresses",
    "warning: may not list secrets, watch secrets in every namespace",
  ]);
});
