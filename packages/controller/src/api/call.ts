import { explainCall } from "@carrick/core/explain";
import type { CallReport } from "@carrick/core/report";
import type { World } from "../world/world.ts";
import type { ErrorResponse } from "./explain.ts";
import { clusterFor, parseName } from "./service.ts";

/** `from`: `london:shop/web`, or `shop/web` of the cluster whose nodes this controller serves. */
export function call(
  world: World,
  mesh: string | undefined,
  from: string,
  service: string,
  port: string | undefined,
): CallReport | ErrorResponse {
  const colon = from.indexOf(":");
  const pod = parseName(from.slice(colon + 1), "Pod", "london:shop/web");
  if ("error" in pod) return pod;
  const to = parseName(service, "Service", "shop/cart");
  if ("error" in to) return to;
  const cluster = clusterFor(world, colon < 0 ? mesh : from.slice(0, colon));
  if (typeof cluster !== "string") return cluster;
  return explainCall(world.tables, { cluster, namespace: pod.namespace, pod: pod.name, service: to, port });
}
