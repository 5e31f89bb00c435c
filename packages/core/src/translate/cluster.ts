import { create } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import { Cluster_DiscoveryType, ClusterSchema } from "@carrick/proto/envoy/config/cluster/v3/cluster_pb.js";
import { RoutingPriority } from "@carrick/proto/envoy/config/core/v3/base_pb.js";
import { ads } from "./config-source.ts";
import { encode } from "./resource.ts";

/** Envoy's default of 1024 parallel requests is a limit nobody asked for; the edge bounds its listeners instead. */
const MANY = 1_000_000;

/**
 * An upstream cluster for a backend set. Endpoints come by EDS; there is no health checking by Envoy: what is healthy is
 * in the endpoints. Outlier detection covers the time until Kubernetes notices, and connections that fail leave at once.
 */
export function clusterBytes(name: string): Uint8Array {
  return encode(
    ClusterSchema,
    create(ClusterSchema, {
      name,
      clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
      edsClusterConfig: { edsConfig: ads() },
      connectTimeout: create(DurationSchema, { seconds: 1n }),
      perConnectionBufferLimitBytes: 32_768,
      // Panic (traffic to unhealthy hosts) would undo drains; Carrick has its own rule for "everything is bad".
      commonLbConfig: { healthyPanicThreshold: { value: 0 } },
      // A removed endpoint must go even while an ejection is pending.
      ignoreHealthOnHostRemoval: true,
      circuitBreakers: {
        thresholds: [
          {
            priority: RoutingPriority.DEFAULT,
            maxConnections: MANY,
            maxPendingRequests: MANY,
            maxRequests: MANY,
            retryBudget: { budgetPercent: { value: 20 }, minRetryConcurrency: 3 },
          },
        ],
      },
      outlierDetection: {
        splitExternalLocalOriginErrors: true,
        consecutiveLocalOriginFailure: 3,
        consecutiveGatewayFailure: 5,
        enforcingConsecutiveGatewayFailure: 100,
        enforcingConsecutive5xx: 0,
        enforcingSuccessRate: 0,
        enforcingLocalOriginSuccessRate: 0,
        // Each sweep looks at every endpoint on Envoy's main thread (40 ms for 200,000); it only lets ejected ones return.
        interval: { seconds: 5n },
        baseEjectionTime: { seconds: 5n },
        maxEjectionPercent: 100,
      },
    }),
  );
}
