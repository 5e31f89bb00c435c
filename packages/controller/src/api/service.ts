import { serviceReport } from "@carrick/core/explain";
import { sourceByKind } from "@carrick/core/model";
import type { ServiceReport } from "@carrick/core/report";
import type { World } from "../world/world.ts";
import type { ErrorResponse } from "./explain.ts";

/** `cluster`: whose nodes; those that this controller serves when not given. */
export function service(
  world: World,
  mesh: string | undefined,
  text: string,
  cluster = mesh,
): ServiceReport | ErrorResponse {
  const wanted = parseName(text, "Service", "shop/cart");
  if ("error" in wanted) return wanted;
  const here = clusterFor(world, cluster);
  if (typeof here !== "string") return here;
  return (
    serviceReport(world.tables, here, wanted.namespace, wanted.name) ?? {
      status: 404,
      error: `no cluster has a Service ${text}, or none shares it; this controller knows ${clustersOf(world)}`,
    }
  );
}

export function parseName(
  text: string,
  kind: "Pod" | "Service",
  example: string,
): { readonly namespace: string; readonly name: string } | ErrorResponse {
  const [, namespace, name] = /^([^/:]+)\/([^/:]+)$/.exec(text) ?? [];
  if (namespace !== undefined && name !== undefined) return { namespace, name };
  return { status: 400, error: `"${text}" names no ${kind}; write it as in ${example}` };
}

/** A cluster that this controller has. */
export function clusterFor(world: World, cluster: string | undefined): string | ErrorResponse {
  const all = clustersOf(world);
  if (cluster === undefined) return { status: 400, error: `this controller serves no mesh; name a cluster: ${all}` };
  if (world.tables.sources.by(sourceByKind, "Service").some((source) => source.cluster === cluster)) return cluster;
  return { status: 404, error: `there is no cluster ${cluster}; this controller has ${all}` };
}

function clustersOf(world: World): string {
  return world.tables.sources
    .by(sourceByKind, "Service")
    .map((source) => source.cluster)
    .join(", ");
}
