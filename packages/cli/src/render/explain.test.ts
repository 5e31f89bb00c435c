import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExplainReport } from "@carrick/core/report";
import { renderExplain } from "./explain.ts";
import { plain } from "./paint.ts";

const REPORT: ExplainReport = {
  url: "https://shop.example/cart",
  fleet: "public",
  outcome: "routed",
  steps: [
    { what: "listener", says: "Fleet public listens for https on :::443.", because: [] },
    {
      what: "path",
      says: "/cart matches Prefix /.",
      because: [
        { cluster: "london", kind: "Ingress", namespace: "shop", name: "web", resourceVersion: "12" },
        { cluster: "paris", kind: "Ingress", namespace: "shop", name: "web", resourceVersion: "31" },
      ],
    },
    {
      what: "cluster",
      says: "paris is being drained, but no other cluster is left, has 2 ready endpoints, weighs 3: 2 of them take requests.",
      because: [{ cluster: "paris", kind: "Cluster", namespace: "", name: "self", resourceVersion: "" }],
    },
  ],
  endpoints: [
    { cluster: "paris", address: "10.12.1.9", port: 8080, pod: "cart-7f", node: "n1", share: 2 / 3 },
    { cluster: "paris", address: "fd10::9", port: 8080, pod: "", node: "", share: 1 / 3 },
  ],
};

test("the decisions as a tree, with what they rest on", () => {
  assert.deepEqual(renderExplain(REPORT, 80, plain), [
    "https://shop.example/cart on fleet public: routed to 2 endpoints",
    "",
    "├─ listener: Fleet public listens for https on :::443.",
    "├─ path: /cart matches Prefix /.",
    "│  ├─ london: Ingress shop/web (resourceVersion 12)",
    "│  └─ paris: Ingress shop/web (resourceVersion 31)",
    "└─ cluster: paris is being drained, but no other cluster is left, has 2 ready",
    "    endpoints, weighs 3: 2 of them take requests.",
    "   └─ paris: Cluster self (not there)",
    "",
    " SHARE  ENDPOINT        CLUSTER  POD      NODE",
    "66.7 %  10.12.1.9:8080  paris    cart-7f  n1",
    "33.3 %  [fd10::9]:8080  paris    -        -",
  ]);
});

test("what the edge answers itself, and what is not known", () => {
  const head = (change: Partial<ExplainReport>) => renderExplain({ ...REPORT, endpoints: [], ...change }, 80, plain)[0];
  const about = "https://shop.example/cart on fleet public";
  assert.equal(head({ outcome: "refused", status: 404 }), `${about}: answered by the edge itself with 404`);
  assert.equal(head({ outcome: "refused" }), `${about}: refused by the edge`);
  assert.equal(head({ outcome: "unknown" }), `${about}: not known yet`);
  assert.equal(renderExplain({ ...REPORT, endpoints: [] }, 80, plain).at(-1), "   └─ paris: Cluster self (not there)");
});
