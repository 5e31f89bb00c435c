import { serviceReport } from "@carrick/core/explain";
import { type Kind, sourceByKind } from "@carrick/core/model";
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
      error: `no cluster has a Service ${text}, or none shares it; this controller knows ${clustersWith(world, "Service").join(", ")}`,
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

/** A cluster whose own objects this controller reads: of a peer it has only what that shares. */
export function clusterFor(world: World, cluster: string | undefined): string | ErrorResponse {
  const own = clustersWith(world, "Pod");
  const all = own.join(", ");
  if (cluster === undefined) return { status: 400, error: `this controller serves no mesh; name a cluster: ${all}` };
  if (own.includes(cluster)) return cluster;
  if (clustersWith(world, "Service").includes(cluster))
    return {
      status: 404,
      error: `${cluster} is a peer, so this controller has only what it shares; ask one of its own`,
    };
  return { status: 404, error: `there is no cluster ${cluster}; this controller has ${all}` };
}

function clustersWith(world: World, kind: Kind): string[] {
  return world.tables.sources.by(sourceByKind, kind).map((source) => source.cluster);
}
