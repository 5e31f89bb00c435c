import {
  admittedByHost,
  type BackendSetKey,
  CERTIFICATES,
  type HostRoute,
  type HostRow,
  type ListenAddress,
  parseBackendSetKey,
  ROUTES,
  serverNameCandidates,
} from "../derive/index.ts";
import { type Kind, type ObjectKey, objectKey, sliceByService, type Tables } from "../model/index.ts";
import type { Citation, ExplainEndpoint, ExplainReport, ExplainStep } from "../report/index.ts";
import type { Edge } from "../translate/index.ts";
import { cite } from "./cite.ts";
import { matchHost, matchRoute } from "./match.ts";
import { unseenClusters } from "./unseen.ts";
import { type ExplainedRequest, parseRequest } from "./request.ts";

type Outcome = Pick<ExplainReport, "outcome" | "status" | "endpoints">;

/** Says where a request goes and which objects decide it; `undefined` if `url` is no URL of http or https. */
export function explainUrl(tables: Tables, edge: Edge, url: string): ExplainReport | undefined {
  const request = parseRequest(url);
  if (request === undefined) return undefined;
  const steps: ExplainStep[] = [];
  const outcome = new Explanation(tables, edge, steps).request(request);
  const unseen = unseenClusters(tables);
  if (unseen.length > 0) {
    const says = `${unseen.join(", ")} ${unseen.length === 1 ? "has" : "have"} not been seen since this controller started: Envoys that hold route tables keep them as they are until then.`;
    steps.push({ what: "known", says, because: [] });
  }
  return { url, fleet: edge.fleet.name, ...outcome, steps };
}

/** One walk along the way of a request, noting each decision. */
class Explanation {
  readonly #tables: Tables;
  readonly #edge: Edge;
  readonly #steps: ExplainStep[];

  constructor(tables: Tables, edge: Edge, steps: ExplainStep[]) {
    this.#tables = tables;
    this.#edge = edge;
    this.#steps = steps;
  }

  request(request: ExplainedRequest): Outcome {
    const { fleet, hosts } = this.#edge;
    const listener = fleet[request.scheme];
    if (listener === undefined) {
      this.#say("listener", `Fleet ${fleet.name} has no ${request.scheme} listener.`);
      return refused();
    }
    this.#say("listener", `Fleet ${fleet.name} listens for ${request.scheme} on ${hostPort(listener)}.`);
    if (request.scheme === "https" && !this.#certificate(request.host)) return this.#refusedOrUnknown(request);
    const host = matchHost(hosts, request);
    if (host === undefined) {
      const none =
        request.scheme === "https"
          ? `No Ingress names a usable certificate for host ${request.host} or a wildcard for it.`
          : `No Ingress that the fleet serves has host ${request.host}, a wildcard for it, or a default backend.`;
      this.#say("host", none);
      return this.#refusedOrUnknown(request, 404);
    }
    return this.#host(host, request);
  }

  /** Whether the TLS listener has a certificate for the name. */
  #certificate(host: string): boolean {
    const { serverNames, chains } = this.#edge;
    const name = serverNameCandidates(host).find((candidate) => serverNames.get(candidate) !== undefined);
    const chain = name === undefined ? undefined : chains.get(serverNames.get(name)!.chain);
    if (name === undefined || chain === undefined) {
      this.#say("certificate", `No certificate has the name ${host}; the connection is closed in the handshake.`);
      return false;
    }
    this.#say("certificate", `Server name ${host} matches ${name} of filter chain ${chain.chain}.`, [
      this.#cite("Secret", chain.secret),
    ]);
    return true;
  }

  #host(host: HostRow, request: ExplainedRequest): Outcome {
    const { admitted, fleet } = this.#edge;
    const claimants = admitted.by(admittedByHost, host.host);
    const ingresses = claimants.map((row) => this.#cite("Ingress", objectKey(row.cluster, row.namespace, row.name)));
    const how =
      host.host === request.host
        ? "its own rules"
        : host.host === "*"
          ? "the default host"
          : `the wildcard ${host.host}`;
    this.#say("host", `Host ${request.host} is served by ${how}.`, ingresses);
    if (request.scheme === "http" && host.tls !== undefined && fleet.https !== undefined && fleet.httpsRedirect) {
      this.#say("host", `${host.host} has a certificate, so plain requests are redirected to https.`, [
        this.#cite("Secret", host.tls.secret),
      ]);
      return refused(301);
    }
    const route = matchRoute(host, request.path);
    if (route === undefined) {
      this.#say("path", `No rule of ${host.host} takes path ${request.path}.`);
      return this.#refusedOrUnknown(request, 404);
    }
    return this.#route(host, route, request);
  }

  #route(host: HostRow, route: HostRoute, request: ExplainedRequest): Outcome {
    const claimants = this.#edge.admitted
      .by(admittedByHost, host.host)
      .filter((row) =>
        row.hosts.some(
          (claim) =>
            claim.host === host.host &&
            claim.paths.some((path) => path.type === route.type && path.path === route.path),
        ),
      );
    const cited = claimants.map((row) => this.#cite("Ingress", objectKey(row.cluster, row.namespace, row.name)));
    this.#say("path", `${request.path} matches ${route.type} ${route.path}.`, cited);
    if (route.set === undefined) {
      this.#say("backend set", "No cluster has the Service and port that the path names.");
      return this.#refusedOrUnknown(request, 503);
    }
    return this.#backends(route.set);
  }

  #backends(key: BackendSetKey): Outcome {
    const set = parseBackendSetKey(key);
    const assignment = this.#edge.assignments.get(key);
    const clusters = assignment?.clusters ?? set.clusters;
    const services = clusters.map((cluster) => objectKey(cluster, set.namespace, set.service));
    this.#say(
      "backend set",
      `Service ${set.namespace}/${set.service}, port ${set.port}, of ${clusters.join(", ")}.`,
      services.map((service) => this.#cite("Service", service)),
    );
    const groups = assignment?.groups ?? [];
    const total = groups.reduce((sum, group) => sum + group.weight * group.endpoints.length, 0);
    for (const cluster of clusters) this.#cluster(key, cluster);
    const endpoints = groups.flatMap((group) =>
      group.endpoints.map(({ address, port }): ExplainEndpoint => ({
        cluster: group.cluster,
        address,
        port,
        ...this.#whereabouts(objectKey(group.cluster, set.namespace, set.service), address),
        share: group.weight / total,
      })),
    );
    if (endpoints.length > 0) return { outcome: "routed", endpoints };
    return assignment?.partial === true ? { outcome: "unknown", endpoints } : refused(503);
  }

  #cluster(key: BackendSetKey, cluster: string): void {
    const set = parseBackendSetKey(key);
    const assignment = this.#edge.assignments.get(key);
    const group = assignment?.groups.find((candidate) => candidate.cluster === cluster);
    const own = this.#tables.Cluster.get(objectKey(cluster, "", "self"));
    const slices = this.#tables.EndpointSlice.by(sliceByService, objectKey(cluster, set.namespace, set.service));
    const ready = slices
      .flatMap((slice) => slice.endpoints)
      .filter((endpoint) => endpoint.condition === "ready").length;
    const taking = group?.endpoints.length ?? 0;
    const what = [
      `${cluster} has ${ready} ready ${ready === 1 ? "endpoint" : "endpoints"}`,
      ...(own !== undefined && own.weight !== 1 ? [`weighs ${own.weight}`] : []),
      ...(own?.drain === true ? ["is being drained"] : []),
      ...(own?.drain === true && taking > 0 ? ["which is ignored because no other cluster is left"] : []),
    ];
    const terminating = assignment?.notes.includes("drainingOnly") === true;
    const gets =
      taking === 0
        ? "gets no requests"
        : terminating
          ? `gets requests at ${taking} terminating, which still ${taking === 1 ? "serves" : "serve"}`
          : "gets requests";
    this.#say("cluster", `${what.join(", ")}; it ${gets}.`, [
      ...(own === undefined ? [] : [this.#cite("Cluster", objectKey(cluster, "", "self"))]),
      ...slices.map((slice) => this.#cite("EndpointSlice", objectKey(slice.cluster, slice.namespace, slice.name))),
    ]);
  }

  #whereabouts(service: ObjectKey, address: string): { readonly pod: string; readonly node: string } {
    const endpoint = this.#tables.EndpointSlice.by(sliceByService, service)
      .flatMap((slice) => slice.endpoints)
      .find((candidate) => candidate.address === address);
    return { pod: endpoint?.pod ?? "", node: endpoint?.node ?? "" };
  }

  /** While sources are unknown, "there is none" may only mean "not seen yet". */
  #refusedOrUnknown({ scheme }: ExplainedRequest, status?: number): Outcome {
    if (this.#edge.known.get(scheme === "https" ? CERTIFICATES : ROUTES)?.known === true) return refused(status);
    if (unseenClusters(this.#tables).length === 0) {
      this.#say("known", "A Secret that a host names has not been looked up yet, so this may change.");
    }
    return { outcome: "unknown", endpoints: [] };
  }

  #say(what: string, says: string, because: readonly Citation[] = []): void {
    this.#steps.push({ what, says, because });
  }

  #cite(kind: Kind, key: ObjectKey): Citation {
    return cite(this.#tables, kind, key);
  }
}

function refused(status?: number): Outcome {
  return { outcome: "refused", ...(status !== undefined && { status }), endpoints: [] };
}

function hostPort({ address, port }: ListenAddress): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
