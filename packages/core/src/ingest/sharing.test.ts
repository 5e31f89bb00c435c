import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { RULES, service } from "../fixture.ts";
import { ingest, type KubeObject } from "./index.ts";

function annotated(annotations: KubeObject): KubeObject {
  const object = service("shop/cart");
  return { ...object, metadata: { ...(object["metadata"] as KubeObject), annotations } };
}

const read = (annotations: KubeObject) => ingest("Service", "london", annotated(annotations), RULES);

describe("a global Service", () => {
  const NONE = { shared: true, affinity: "none" } as const;
  const cases: readonly [annotations: Record<string, string>, expected: object | undefined][] = [
    [{}, undefined],
    [{ "carrick.dev/global": "true" }, NONE],
    [{ "carrick.dev/global": "false" }, undefined],
    [{ "service.cilium.io/global": "true" }, NONE],
    [{ "service.cilium.io/global": "True" }, NONE],
    [{ "io.cilium/global-service": "true" }, NONE],
    [{ "io.cilium/global-service": "true", "service.cilium.io/global": "false" }, undefined],
    [{ "service.cilium.io/global": "true", "carrick.dev/global": "false" }, undefined],
    // What is not global is neither shared nor prefers a side.
    [{ "service.cilium.io/shared": "true" }, undefined],
    [{ "service.cilium.io/affinity": "local" }, undefined],
    [
      { "service.cilium.io/global": "true", "service.cilium.io/shared": "false" },
      { ...NONE, shared: false },
    ],
    [
      { "io.cilium/global-service": "true", "io.cilium/shared-service": "FALSE" },
      { ...NONE, shared: false },
    ],
    [
      { "service.cilium.io/global": "true", "service.cilium.io/affinity": "local" },
      { ...NONE, affinity: "local" },
    ],
    [
      { "io.cilium/global-service": "true", "io.cilium/service-affinity": "remote" },
      { ...NONE, affinity: "remote" },
    ],
    [
      { "carrick.dev/global": "true", "carrick.dev/affinity": "Local" },
      { ...NONE, affinity: "local" },
    ],
    [{ "carrick.dev/global": "true", "service.cilium.io/affinity": "none" }, NONE],
  ];
  for (const [annotations, expected] of cases) {
    test(JSON.stringify(annotations), () => {
      const row = read(annotations);
      assert.deepEqual(row.sharing, expected);
      assert.equal(row.problems, undefined);
    });
  }

  test("a wrong value is said, and is as if it were not there", () => {
    const row = read({ "carrick.dev/global": "yes" });
    assert.equal(row.sharing, undefined);
    assert.deepEqual(row.problems, [
      {
        code: "InvalidValue",
        path: "metadata.annotations[carrick.dev/global]",
        message: '"yes" is none of true, false.',
      },
    ]);
    const other = read({ "carrick.dev/global": "true", "carrick.dev/affinity": "near", "carrick.dev/shared": "1" });
    assert.deepEqual(other.sharing, NONE);
    assert.deepEqual(
      other.problems?.map(({ path }) => path),
      ["metadata.annotations[carrick.dev/shared]", "metadata.annotations[carrick.dev/affinity]"],
    );
  });
});

describe("session affinity", () => {
  const withSpec = (spec: KubeObject) => {
    const object = service("shop/cart");
    return ingest("Service", "london", { ...object, spec: { ...(object["spec"] as KubeObject), ...spec } }, RULES);
  };

  test("ClientIP with its time, or three hours", () => {
    assert.equal(withSpec({}).affinitySeconds, undefined);
    assert.equal(withSpec({ sessionAffinity: "None" }).affinitySeconds, undefined);
    assert.equal(withSpec({ sessionAffinity: "ClientIP" }).affinitySeconds, 10_800);
    const config = { clientIP: { timeoutSeconds: 60 } };
    assert.equal(withSpec({ sessionAffinity: "ClientIP", sessionAffinityConfig: config }).affinitySeconds, 60);
  });

  test("what is wrong is said", () => {
    assert.equal(withSpec({ sessionAffinity: "Cookie" }).problems?.[0]?.path, "spec.sessionAffinity");
    const row = withSpec({
      sessionAffinity: "ClientIP",
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 0 } },
    });
    assert.equal(row.problems?.[0]?.path, "spec.sessionAffinityConfig.clientIP.timeoutSeconds");
    assert.equal(row.affinitySeconds, 10_800);
  });
});
