/** The rules that handle what Envoy really does. Only tests switch one off, to show that it is needed. */
export interface Rules {
  /** Envoy does not ask for endpoints again when a cluster is modified, but warms until they come. */
  readonly resendEndpointsOfModifiedClusters: boolean;
  /** Envoy withholds the ACK of clusters while one warms: endpoints must not wait for it. */
  readonly endpointsDoNotWaitForClusterAck: boolean;
  /** A refused cluster beside a new one: neither ACK nor NACK comes until the new names are taken back. */
  readonly takeBackWhenNackIsSwallowed: boolean;
  /**
   * A refused new version of a loaded cluster, beside anything that warms, silences Envoy too; only a good version of
   * the same cluster frees it, or its removal, which would cut its traffic. Alone it is refused at once.
   */
  readonly replaceClustersAlone: boolean;
  /** Siblings of a refused resource are live in Envoy but not in its list of versions, unless sent again cleanly. */
  readonly resendSiblingsAfterNack: boolean;
  /** Envoy ignores the removal of endpoints that it has loaded. */
  readonly emptyAssignmentInsteadOfRemoval: boolean;
  /** A listener without its routes opens with 404 when its wait is over. */
  readonly answerRoutesWithListeners: boolean;
  /** A route to a cluster that is not there answers 503: clusters first. */
  readonly routesWaitForClusters: boolean;
  /** Removing a routed cluster answers 503: removals after the routes that named them. */
  readonly removalsWaitForRoutes: boolean;
}

export const ALL_RULES: Rules = {
  resendEndpointsOfModifiedClusters: true,
  endpointsDoNotWaitForClusterAck: true,
  takeBackWhenNackIsSwallowed: true,
  replaceClustersAlone: true,
  resendSiblingsAfterNack: true,
  emptyAssignmentInsteadOfRemoval: true,
  answerRoutesWithListeners: true,
  routesWaitForClusters: true,
  removalsWaitForRoutes: true,
};
