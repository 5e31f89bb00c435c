import {
  type ClusterName,
  exact,
  objectKey,
  type ServicePort,
  type ServiceRow,
  sharedService,
  sliceByService,
  sourceByKind,
  type Tables,
} from "../model/index.ts";
import type { Reader } from "../store/index.ts";
import type { Candidate } from "./select.ts";

/** Whose endpoints are one backend set. */
export interface Membership {
  /** Sorted. */
  readonly clusters: readonly ClusterName[];
  /** A cluster that may share the Service has not been heard: there may be more. */
  readonly partial: boolean;
}

/**
 * The clusters that are asked for, and, where one of them has the Service as a global one, all that share theirs. Each
 * cluster decides for itself whether it uses the others' endpoints.
 */
export function membersOf(
  namespace: string,
  name: string,
  asked: readonly ClusterName[],
  tables: Tables,
  read: Reader,
): Membership {
  const global = asked.some(
    (cluster) => read.get(tables.Service, objectKey(cluster, namespace, name))?.sharing !== undefined,
  );
  if (!global) return { clusters: asked, partial: false };
  const sharing = read.by(tables.Service, sharedService, `${namespace}/${name}`).map((row) => row.cluster);
  const partial = read.by(tables.sources, sourceByKind, "Service").some((source) => !source.known);
  return { clusters: exact([...new Set([...asked, ...sharing])].sort()), partial };
}

/** How clusters join a port of a Service: by its name, or by its number where it has none. */
export function portName({ name, port }: Pick<ServicePort, "name" | "port">): string {
  return name || String(port);
}

/** The port of a Service that has this name. */
export function portNamed(
  service: ServiceRow | undefined,
  name: string,
  protocol: ServicePort["protocol"],
): ServicePort | undefined {
  return service?.ports.find((port) => portName(port) === name && port.protocol === protocol);
}

/** The endpoints that a cluster has for a port of its Service. */
export function candidatesOf(service: ServiceRow, port: ServicePort, tables: Tables, read: Reader): Candidate[] {
  const key = objectKey(service.cluster, service.namespace, service.name);
  return read.by(tables.EndpointSlice, sliceByService, key).flatMap((slice) => {
    // Slices repeat the name of the Service's port.
    const target = slice.ports.find(({ name, protocol }) => name === port.name && protocol === port.protocol);
    if (target === undefined) return [];
    return slice.endpoints.map(({ address, condition }) => ({ address, port: target.port, condition }));
  });
}
