import { sendMany, tally } from "../../../load/index.ts";
import { ready, REVIEWS, SERVICES, SHOP, slice } from "../manifests.ts";
import type { Step } from "../../step.ts";
import type { World } from "../world.ts";
import { accept } from "./accept.ts";

const REQUESTS = 1200;
const TOLERANCE = 4;

export const oneHostTwoClusters: Step<World> = {
  number: 1,
  title: "One Ingress in two clusters is one host",
  fault: "london's EndpointSlice lists an address at which a pod of paris answers",

  async run(world, checks, fault) {
    const { london } = world.clusters;
    if (fault) {
      const [foreign] = SERVICES.paris["catalog"]!;
      const pods = [...SERVICES.london["web"]!, foreign!].map(ready);
      await london.objects.put(slice("web", pods, world.podPort));
      await accept(world, checks);
    }
    checks.now(`${REQUESTS} requests for ${SHOP} over both Envoys`);
    const home = tally(
      await sendMany(
        world.edges.map((edge) => edge.target(SHOP)),
        REQUESTS,
      ),
    );
    checks.exactly("requests that failed", home.failed, 0);
    const share = (cluster: string): number => (100 * (home.clusters.get(cluster) ?? 0)) / home.requests;
    checks.near("share of london, with 2 of 3 ready endpoints", share("london"), 200 / 3, TOLERANCE, "%");
    checks.near("share of paris, with 1 of 3", share("paris"), 100 / 3, TOLERANCE, "%");

    checks.now(`requests for ${SHOP}${REVIEWS}, a path that only paris has`);
    const reviews = tally(
      await sendMany(
        world.edges.map((edge) => edge.target(SHOP, REVIEWS)),
        100,
      ),
    );
    checks.exactly(`requests for ${REVIEWS} that paris answered`, reviews.clusters.get("paris") ?? 0, 100);
  },
};
