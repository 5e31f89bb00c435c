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
  const [namespace, name] = text.split("/");
  if (!/^[^/]+\/[^/]+$/.test(text) || namespace === undefined || name === undefined)
    return { status: 400, error: `"${text}" names no Service; write it as namespace/name, for example shop/cart` };
  const clusters = world.tables.sources.by(sourceByKind, "Service").map((source) => source.cluster);
  if (cluster === undefined)
    return { status: 400, error: `this controller serves no mesh; say whose nodes by cluster: ${clusters.join(", ")}` };
  if (!clusters.includes(cluster))
    return { status: 404, error: `there is no cluster ${cluster}; this controller has ${clusters.join(", ")}` };
  return (
    serviceReport(world.tables, cluster, namespace, name) ?? {
      status: 404,
      error: `no cluster has a Service ${text}, or none shares it; this controller knows ${clusters.join(", ")}`,
    }
  );
}
