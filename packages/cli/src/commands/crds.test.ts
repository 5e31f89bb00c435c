import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startApiServer } from "@carrick/lab";
import { parse } from "yaml";
import { CLUSTER_CRD } from "../crds/cluster-crd.ts";
import { EXIT } from "../exit-code.ts";
import { captured, temporaryFolder } from "../fixture.ts";

const DEPLOYED = new URL("../../../../deploy/crds/carrick.dev_clusters.yaml", import.meta.url);

test("the manifest in deploy/ is the definition that this command installs", async () => {
  assert.deepEqual(parse(readFileSync(DEPLOYED, "utf8")), CLUSTER_CRD);
  const { code, stdout } = await captured(["crds"]);
  assert.equal(code, EXIT.done);
  assert.deepEqual(parse(stdout), CLUSTER_CRD);
});

test("--apply installs it, again brings it to this version, and objects are served afterwards", async () => {
  using folder = temporaryFolder();
  const server = await startApiServer({ name: "paris" });
  try {
    const kubeconfig = join(folder.path, "kubeconfig");
    writeFileSync(kubeconfig, server.kubeconfig());
    const apply = () => captured(["crds", "--apply", "--kubeconfig", kubeconfig]);
    const definition = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      name: "clusters.carrick.dev",
    };
    assert.deepEqual(await apply(), {
      code: EXIT.done,
      stdout: `clusters.carrick.dev is installed (${kubeconfig})\n`,
      stderr: "",
    });
    server.objects.apply({
      apiVersion: "carrick.dev/v1",
      kind: "Cluster",
      metadata: { name: "self" },
      spec: { drain: true },
    });
    const [version] = CLUSTER_CRD.spec.versions;
    server.objects.apply({
      ...CLUSTER_CRD,
      spec: { ...CLUSTER_CRD.spec, versions: [{ ...version, additionalPrinterColumns: [] }] },
    });
    assert.equal((await apply()).code, EXIT.done);
    assert.deepEqual(server.objects.get(definition)?.["spec"], CLUSTER_CRD.spec);
    server.faults.add({ effect: { kind: "status", code: 403, message: "you may not" } });
    const refused = await apply();
    assert.equal(refused.code, EXIT.wrong);
    assert.match(refused.stderr, /^carrick: clusters\.carrick\.dev: .*403 Forbidden: you may not/);
  } finally {
    await server.close();
  }
});
