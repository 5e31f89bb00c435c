/** Aggregated discovery with deltas: the one method that is served. */
export const DELTA_ADS = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
