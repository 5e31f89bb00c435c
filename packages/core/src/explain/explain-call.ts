import {
  type ClusterName,
  objectKey,
  type ServiceRow,
  sliceByService,
  sourceKey,
  type Tables,
  type WorkloadRow,
} from "../model/index.ts";
import type { CallReport, Citation, ExplainStep, ServicePortReport, ServiceReport } from "../report/index.ts";
import { cite } from "./cite.ts";
import { clusterSays } from "./cluster-says.ts";
import { serviceReport } from "./service-report.ts";

/** Of one cluster that are cited; more would say no more. */
const MOST_SLICES = 10;

/** Who calls what. */
export interface Call {
  readonly cluster: ClusterName;
  /** Of the pod; its name may be the beginning of one, as `web` of `web-5d8f-x2x9z`. */
  readonly namespace: string;
  readonly pod: string;
  readonly service: { readonly namespace: string; readonly name: string };
  /** Name or number of a port of the Service; the first when not given. */
  readonly port?: string | undefined;
}

/** Says how a pod's connection to a Service goes, and which objects decide it. */
export function explainCall(tables: Tables, call: Call): CallReport {
  const steps: ExplainStep[] = [];
  const pod = findPod(tables, call);
  steps.push(clientStep(tables, call, pod));
  steps.push({
    what: "identity",
    says: "Callers are not told apart yet: every pod may call every Service, and no NetworkPolicy is looked at.",
    because: [],
  });
  const way = new Way(tables, call, steps).follow(pod);
  const { cluster, namespace } = call;
  const client = { cluster, namespace, pod: pod?.name ?? call.pod, node: pod?.node ?? "" };
  return { client, namespace: call.service.namespace, service: call.service.name, ...way, steps };
}

function findPod({ Pod }: Tables, { cluster, namespace, pod }: Call): WorkloadRow | undefined {
  const exact = Pod.get(objectKey(cluster, namespace, pod));
  if (exact !== undefined) return exact;
  let first: WorkloadRow | undefined;
  for (const [, row] of Pod.entries()) {
    const isOne = row.cluster === cluster && row.namespace === namespace && row.name.startsWith(`${pod}-`);
    if (isOne && (first === undefined || row.name < first.name)) first = row;
  }
  return first;
}

function clientStep(tables: Tables, { cluster, namespace, pod: wanted }: Call, pod: WorkloadRow | undefined) {
  if (pod === undefined) {
    const known = tables.sources.get(sourceKey(cluster, "Pod"))?.known === true;
    const says = known
      ? `${cluster} has no Pod ${namespace}/${wanted} with an address, nor one whose name begins with ${wanted}-; what follows holds for all pods of ${cluster}.`
      : `This controller does not know the pods of ${cluster}; what follows holds for all of them.`;
    return { what: "client", says, because: [] };
  }
  const says = `Pod ${namespace}/${pod.name} of ${cluster} has ${pod.ips.join(" and ")}, on node ${pod.node}.`;
  return { what: "client", says, because: [cite(tables, "Pod", objectKey(cluster, namespace, pod.name))] };
}

type End = Pick<CallReport, "outcome" | "port">;

/** One walk along the way of a connection, noting each decision. */
class Way {
  readonly #tables: Tables;
  readonly #call: Call;
  readonly #steps: ExplainStep[];

  constructor(tables: Tables, call: Call, steps: ExplainStep[]) {
    this.#tables = tables;
    this.#call = call;
    this.#steps = steps;
  }

  follow(pod: WorkloadRow | undefined): End {
    const { cluster, service } = this.#call;
    const own = this.#tables.Service.get(objectKey(cluster, service.namespace, service.name));
    if (own === undefined) return this.#nothing();
    const because = [this.#service(cluster)];
    const name = `${service.namespace}/${service.name}`;
    if (own.type === "ExternalName" || own.clusterIps.length === 0) {
      const why =
        own.type === "ExternalName" ? "another name for something else" : "headless: its endpoints are dialled";
      this.#say(
        "service",
        `Service ${name} of ${cluster} has no address; it is ${why}. The mesh does nothing.`,
        because,
      );
      return { outcome: "direct" };
    }
    this.#say("service", `Service ${name} of ${cluster} has ${own.clusterIps.join(" and ")}.`, because);
    const report = serviceReport(this.#tables, cluster, service.namespace, service.name)!;
    const port = this.#port(report.ports);
    if (port === undefined) return { outcome: "refused" };
    this.#sets(own, report);
    for (const one of report.clusters)
      if (one.member) this.#say("cluster", clusterSays(one, port), [...this.#self(one), ...this.#slices(one.cluster)]);
    return this.#end(port, pod);
  }

  #nothing(): End {
    const { cluster, service } = this.#call;
    const known = this.#tables.sources.get(sourceKey(cluster, "Service"))?.known === true;
    const name = `${service.namespace}/${service.name}`;
    if (!known) {
      this.#say("service", `Services of ${cluster} have not been heard, so whether it has ${name} is not known.`);
      return { outcome: "unknown" };
    }
    const sharing = serviceReport(this.#tables, cluster, service.namespace, service.name)?.clusters ?? [];
    const others = sharing.flatMap(({ cluster: other, service: has }) => (has === undefined ? [] : [other]));
    const but =
      others.length === 0 ? "" : ` ${others.join(", ")} has one, but each cluster needs its own for an address.`;
    this.#say("service", `${cluster} has no Service ${name}, so its name leads nowhere there.${but}`);
    return { outcome: "refused" };
  }

  #port(ports: readonly ServicePortReport[]): ServicePortReport | undefined {
    const { port: wanted } = this.#call;
    const found =
      wanted === undefined ? ports[0] : ports.find(({ port, number }) => port === wanted || String(number) === wanted);
    const all = [...new Set(ports.map(({ port, number, protocol }) => `${port} (${number}/${protocol})`))].join(", ");
    if (found === undefined) {
      this.#say(
        "port",
        `It has no port ${wanted ?? "of TCP or UDP"}; other ports are refused at once. It has ${all || "none"}.`,
      );
      return undefined;
    }
    const { number, protocol, addresses } = found;
    this.#say("port", `Port ${found.port}, ${number}/${protocol} at ${addresses.join(", ")}; of ${all}.`);
    return found;
  }

  #sets({ sharing }: ServiceRow, { clusters }: ServiceReport): void {
    const used = clusters.filter(({ member }) => member).map(({ cluster }) => cluster);
    const kept = clusters.filter(({ member, service }) => !member && service !== undefined);
    const unheard = clusters.filter(({ known }) => !known).map(({ cluster }) => cluster);
    const prefers = sharing === undefined || sharing.affinity === "none" ? "" : `, ${PREFERS[sharing.affinity]} first`;
    const says =
      sharing === undefined
        ? `It is not global: only endpoints of ${used.join(", ")} are used.`
        : [
            `It is global: endpoints of ${used.join(", ")} are used${prefers}.`,
            ...(kept.length > 0 ? [`Not shared: those of ${kept.map(({ cluster }) => cluster).join(", ")}.`] : []),
            ...(unheard.length > 0 ? [`Not heard yet, so there may be more: ${unheard.join(", ")}.`] : []),
          ].join(" ");
    this.#say(
      "sets",
      says,
      [...used, ...kept.map(({ cluster }) => cluster)].map((cluster) => this.#service(cluster)),
    );
  }

  #end(port: ServicePortReport, pod: WorkloadRow | undefined): End {
    if (port.groups.length === 0) {
      const says = port.partial
        ? "No endpoint is known, and a cluster has not been heard; a node that serves some already keeps them."
        : "No endpoint is there, so the connection is refused at once.";
      this.#say("pick", says);
      return { outcome: port.partial ? "unknown" : "refused", port };
    }
    const stays = port.affinitySeconds > 0 ? ` The client stays with it for ${port.affinitySeconds} s.` : "";
    this.#say("pick", `Each endpoint of a cluster has the same chance, when the socket connects.${stays}`);
    const address = pod?.ips.find((ip) => ip.includes(":") === (port.family === 6));
    const seen = address === undefined ? "the address of the pod" : `the pod's address ${address}`;
    this.#say("route", `From pod to pod in one hop, without a proxy: the endpoint sees ${seen}.`);
    return { outcome: "routed", port };
  }

  #service(cluster: ClusterName): Citation {
    const { namespace, name } = this.#call.service;
    return cite(this.#tables, "Service", objectKey(cluster, namespace, name));
  }

  #slices(cluster: ClusterName): Citation[] {
    const { namespace, name } = this.#call.service;
    const slices = this.#tables.EndpointSlice.by(sliceByService, objectKey(cluster, namespace, name));
    return slices
      .slice(0, MOST_SLICES)
      .map((slice) => cite(this.#tables, "EndpointSlice", objectKey(cluster, slice.namespace, slice.name)));
  }

  /** It decides nothing while it says what holds without it; of a peer it may not even be there then. */
  #self({ cluster, drain, weight }: ServiceReport["clusters"][number]): Citation[] {
    return drain || weight !== 1 ? [cite(this.#tables, "Cluster", objectKey(cluster, "", "self"))] : [];
  }

  #say(what: string, says: string, because: readonly Citation[] = []): void {
    this.#steps.push({ what, says, because });
  }
}

const PREFERS = { local: "those of the own cluster", remote: "those of other clusters" } as const;
