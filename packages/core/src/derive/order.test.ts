import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { cluster, ingress, ingressClass, secret, service, slice, TestWorld } from "../fixture.ts";
import type { KubeObject } from "../ingest/index.ts";
import type { Kind } from "../model/index.ts";

/** Objects with everything that could depend on an order: conflicts, shared names, equal ages, many slices. */
const OBJECTS: readonly (readonly [string, KubeObject])[] = ["london", "paris", "rome"].flatMap((name, n) =>
  [
    service("shop/web"),
    service("shop/api", ["grpc:90", "http:80"]),
    slice("shop/web", [`10.${n}.0.2`, `10.${n}.0.1`], "a"),
    slice("shop/web", [`10.${n}.0.3`, `10.${n}.0.1`, `fd00::${n}`], "b"),
    slice("shop/api", [`10.${n}.0.9 draining`, `10.${n}.0.8 notReady`]),
    ingress("shop/one", {
      rules: { "shop.example": ["/ web:http", "/a api:http"], "b.example": ["=/ web:80"] },
      tls: { one: ["shop.example"], two: [] },
      fallback: "web:http",
    }),
    ingress("shop/two", {
      rules: { "shop.example": ["/ api:http"], "*.shop.example": ["/ web:http"] },
      tls: { two: ["*.shop.example"] },
      day: 2 - (n % 2),
    }),
    ingress("shop/foreign", { rules: { "f.example": ["/ web:http"] }, className: n === 0 ? "nobody" : "nginx" }),
    ingressClass("nginx", "k8s.io/ingress-nginx"),
    secret("shop/one", ["shop.example", "b.example"], `${n}`, 3 - n),
    secret("shop/two", ["*.shop.example", "b.example"], `${n}`, 1),
    cluster({ drain: n === 2, weight: n + 1 }),
  ].map((object) => [name, object] as const),
);

function outcome(world: TestWorld): unknown {
  return { versions: [...world.versions()], findings: world.findings() };
}

const EXPECTED = (() => {
  const world = new TestWorld(["london", "paris", "rome"]);
  world.writeAll(OBJECTS);
  return outcome(world);
})();

test("D15, D16: any order of the same objects, in any commits, with detours, ends in the same bytes", () => {
  const order = fc.shuffledSubarray([...OBJECTS], { minLength: OBJECTS.length });
  const sizes = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: OBJECTS.length, maxLength: OBJECTS.length });
  const detours = fc.array(fc.nat(OBJECTS.length - 1), { maxLength: 6 });
  fc.assert(
    fc.property(order, sizes, detours, (objects, [...sizes], detours) => {
      const world = new TestWorld(["london", "paris", "rome"]);
      const left = [...objects];
      while (left.length > 0) world.writeAll(left.splice(0, sizes.pop() ?? 1));
      for (const detour of detours) {
        const [name, object] = OBJECTS[detour]!;
        const { namespace, name: objectName } = object["metadata"] as Record<string, string>;
        world.remove(
          name,
          object["kind"] as Kind,
          namespace === undefined ? objectName! : `${namespace}/${objectName}`,
        );
        world.write(name, object);
      }
      assert.deepEqual(outcome(world), EXPECTED);
    }),
    { numRuns: 300 },
  );
});
