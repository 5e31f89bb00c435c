import { now, startLoad, tally } from "../../../load/index.ts";
import { type Pod, ready, SERVICES, SHOP, slice, terminating } from "../manifests.ts";
import type { Step } from "../../step.ts";
import type { World } from "../world.ts";

const RATE = 200;
const LAST_WITHIN_MS = 250;
const BACK_WITHIN_MS = 5000;

export const endpointGoes: Step<World> = {
  number: 3,
  title: `An endpoint goes, while ${RATE} requests a second run`,
  fault: "the pod freezes before its endpoint is withdrawn",

  async run(world, checks, fault) {
    const { london } = world.clusters;
    const [stays, goes] = SERVICES.london["web"]! as [Pod, Pod];
    const pod = london.pod(goes.name);
    const load = startLoad({ targets: world.edges.map((edge) => edge.target(SHOP)), rate: RATE });
    try {
      await load.more(RATE);
      if (fault) {
        pod.now.freeze();
        await load.more(RATE / 2);
      }
      checks.now(`london/${goes.name} is told to end: its EndpointSlice says so`);
      const written = now();
      await london.objects.put(slice("web", [ready(stays), terminating(goes)], world.podPort));
      await load.more(RATE);
      const soFar = tally(load.records);
      checks.exactly("requests that failed until it had gone", soFar.failed, 0);
      const received = load.records.flatMap(({ cluster, pod, receivedAt }) =>
        cluster === "london" && pod === goes.name && receivedAt !== undefined ? [receivedAt] : [],
      );
      checks.atLeast("requests that it had before", received.filter((at) => at < written).length, 1, "");
      checks.atMost(
        "API write to the last request that it got",
        Math.max(0, Math.max(...received) - written),
        LAST_WITHIN_MS,
        "ms",
      );

      checks.now("its process ends, its endpoint is deleted; then both return");
      await london.objects.put(slice("web", [ready(stays)], world.podPort));
      await pod.stop();
      await load.more(RATE / 2);
      await pod.again();
      const returned = load.records.length;
      await london.objects.put(slice("web", [stays, goes].map(ready), world.podPort));
      await checks.within("it gets requests again", BACK_WITHIN_MS, () =>
        load.records.slice(returned).some((record) => record.cluster === "london" && record.pod === goes.name),
      );
    } finally {
      await load.stop();
    }
    const { requests, failed, longest } = tally(load.records);
    checks.exactly(`requests that failed, of ${requests}`, failed, 0);
    checks.atMost("slowest request", longest, 1000, "ms");
  },
};
