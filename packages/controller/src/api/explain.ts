import { explainUrl } from "@carrick/core/explain";
import type { ExplainReport } from "@carrick/core/report";
import type { World } from "../world/world.ts";

export interface ErrorResponse {
  readonly status: number;
  readonly error: string;
}

/** Explains a URL at one fleet: the named one, or the only one, or the first that routes it. */
export function explain(world: World, url: string, fleet: string | undefined): ExplainReport | ErrorResponse {
  const edges = fleet === undefined ? world.edges : world.edges.filter((edge) => edge.fleet.name === fleet);
  if (edges.length === 0) {
    const names = world.edges.map((edge) => edge.fleet.name).join(", ");
    return { status: 404, error: `there is no fleet ${fleet}; this controller has ${names}` };
  }
  const reports = edges.map((edge) => explainUrl(world.tables, edge, url));
  const [first] = reports;
  if (first === undefined) {
    return {
      status: 400,
      error: `"${url}" is no URL; write it with http or https, for example https://shop.example/cart`,
    };
  }
  return reports.find((report) => report?.outcome === "routed") ?? first;
}
