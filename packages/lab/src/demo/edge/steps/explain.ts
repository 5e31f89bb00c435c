import type { Citation, ExplainReport } from "@carrick/core/report";
import { distinct } from "../../citations.ts";
import type { Checks } from "../../checks.ts";
import { REVIEWS, SHOP } from "../manifests.ts";
import type { Step } from "../../step.ts";
import type { World } from "../world.ts";
import { accept } from "./accept.ts";

const URLS = [`http://${SHOP}/`, `http://${SHOP}${REVIEWS}/1`];

export const explain: Step<World> = {
  number: 7,
  title: "`carrick explain` says what decided, and it is so",
  fault: "london's API server falls silent, then its Ingress is changed",

  async run(world, checks, fault) {
    await accept(world, checks);
    if (fault) {
      const { london } = world.clusters;
      await london.silence();
      const shop = { kind: "Ingress", namespace: "shop", name: "shop" };
      await london.objects.patch(shop, { metadata: { annotations: { "example/changed": "now" } } });
    }
    for (const url of URLS) await explained(world, checks, url);
  },
};

async function explained(world: World, checks: Checks, url: string): Promise<void> {
  checks.now(`carrick explain ${url}`);
  const { code, stdout, stderr } = await world.carrick("explain", url, "--output", "json");
  checks.holds(url, code === 0, code === 0 ? "routed" : stderr.trim(), "routed");
  const report = JSON.parse(stdout) as ExplainReport;

  const cited = distinct(report.steps.flatMap(({ because }) => because));
  const right = await Promise.all(cited.map((citation) => isInCluster(world, citation)));
  checks.atLeast("objects that it cites", cited.length, 3, "");
  checks.exactly("of them there with that resourceVersion", right.filter(Boolean).length, cited.length);

  const addresses = report.endpoints.map(({ address, port }) => `${address}:${port}`).sort();
  const used = [...(await world.edges[0].endpoints()).values()];
  const same = used.some((endpoints) => endpoints.join() === addresses.join());
  checks.holds(
    "its endpoints are those that Envoy has",
    same,
    `${addresses.length} ${addresses.length === 1 ? "endpoint" : "endpoints"}`,
    "the same",
  );
  const shares = report.endpoints.reduce((sum, { share }) => sum + share, 0);
  checks.near("its shares together", 100 * shares, 100, 0.1, "%");
}

async function isInCluster({ clusters }: World, citation: Citation): Promise<boolean> {
  const { cluster, resourceVersion, ...name } = citation;
  if (cluster !== "london" && cluster !== "paris") return false;
  const metadata = Object((await clusters[cluster].objects.get(name))?.["metadata"]) as { resourceVersion?: unknown };
  return metadata.resourceVersion === resourceVersion;
}
