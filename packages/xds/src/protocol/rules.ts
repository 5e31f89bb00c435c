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
  /**
   * Envoy keeps a cluster that it refused among those that warm, and after the next change of any cluster it does not
   * answer any more: it is freed before anything else is said.
   */
  readonly freeOfRefusedClusters: boolean;
  /** Siblings of a refused resource are live in Envoy but not in its list of versions, unless sent again cleanly. */
  readonly resendSiblingsAfterNack: boolean;
  /** Envoy ignores the removal of endpoints that it has loaded. */
  readonly emptyAssignmentInsteadOfRemoval: boolean;
  /** A listener without its routes opens with 404 when its wait is over. */
  readonly answerRoutesWithListeners: boolean;
  /** A route to a cluster that is not there answers 503: clusters first. */
  readonly routesWaitForClusters: boolean;
  /**
   * All listeners share one subscription of scopes, so one that points at new scopes serves at once, not when it is
   * warm: it waits for the tables of the scopes that came before it.
   */
  readonly listenersWaitForScopedRoutes: boolean;
  /**
   * Envoy gives up its scopes without a word when no listener uses them any more, and does not ask again for those that
   * it once took: they are sent after the listener.
   */
  readonly resendUnusedScopes: boolean;
  /** Removing a routed cluster answers 503: removals after the routes that named them. */
  readonly removalsWaitForRoutes: boolean;
}

export const ALL_RULES: Rules = {
  resendEndpointsOfModifiedClusters: true,
  endpointsDoNotWaitForClusterAck: true,
  takeBackWhenNackIsSwallowed: true,
  replaceClustersAlone: true,
  freeOfRefusedClusters: true,
  resendSiblingsAfterNack: true,
  emptyAssignmentInsteadOfRemoval: true,
  answerRoutesWithListeners: true,
  routesWaitForClusters: true,
  listenersWaitForScopedRoutes: true,
  resendUnusedScopes: true,
  removalsWaitForRoutes: true,
};
