import { access, constants } from "node:fs/promises";
import { createClient, type KubeClient, KubeError, resourcePath } from "@carrick/kube";
import type { ConfiguredCluster } from "../config/controller-config.ts";
import { accessOf } from "../credentials/cluster-access.ts";
import { CLUSTERS } from "../crds/cluster-crd.ts";
import { reasonOf } from "../exit-code.ts";
import { duration } from "../render/quantity.ts";
import { type Check, ok, problem, warning } from "@carrick/core/report";
import { checkRights } from "./rights.ts";
import { type ClockReading, readServerClock, skewOf } from "./server-clock.ts";

const MOST_SKEW_MS = 30_000;

/** Whether the controller can read what it needs of a cluster, with its own credentials. */
export async function checkCluster(cluster: ConfiguredCluster, now: () => number): Promise<Check[]> {
  const area = `cluster ${cluster.name}`;
  if (cluster.files !== undefined) return [await checkFolder(area, cluster.files)];
  const access = accessOf(cluster.name, {}, [cluster]);
  const client = createClient({ access, timeouts: { connectMs: 5000, headersMs: 10_000 } });
  try {
    const reached = await checkReached(area, client);
    const reading = await readServerClock(access, now);
    return [
      reached,
      ...(reading === undefined ? [] : [checkClock(area, reading)]),
      ...(await checkRights(area, client)),
      await checkDefinition(area, cluster, client),
    ];
  } catch (error) {
    return [problem(area, reasonOf(error), "correct what it says, and run this again")];
  } finally {
    client.close();
  }
}

async function checkFolder(area: string, folder: string): Promise<Check> {
  try {
    await access(folder, constants.R_OK | constants.X_OK);
    return ok(area, `${folder} can be read`);
  } catch (error) {
    return problem(area, `${folder}: cannot be read (${reasonOf(error)})`, "correct the path or the permissions");
  }
}

async function checkReached(area: string, client: KubeClient): Promise<Check> {
  try {
    await client.get("/version");
  } catch (error) {
    // Who may not ask for the version has reached the server all the same.
    if (!(error instanceof KubeError) || error.status !== 403) throw error;
  }
  return ok(area, `${client.name} answers`);
}

export function checkClock(area: string, reading: ClockReading): Check {
  const skew = skewOf(reading);
  if (Math.abs(skew) <= MOST_SKEW_MS) return ok(area, "its clock agrees with ours");
  const says = `its clock is ${duration(Math.abs(skew))} ${skew > 0 ? "ahead of" : "behind"} ours`;
  return problem(area, says, "set both by NTP: certificates and conflicts between objects go by time");
}

async function checkDefinition(area: string, { name }: ConfiguredCluster, client: KubeClient): Promise<Check> {
  try {
    await client.get(resourcePath(CLUSTERS), { query: { limit: 1 } });
    return ok(area, "has the definition of Cluster (carrick.dev/v1)");
  } catch (error) {
    if (!(error instanceof KubeError) || (error.status !== 404 && error.status !== 403)) throw error;
    if (error.status === 403)
      return warning(area, "may not read Cluster (carrick.dev/v1)", "grant it, or no drain is seen");
    const says = "does not have the definition of Cluster (carrick.dev/v1), so it cannot be drained";
    return warning(area, says, `carrick crds --apply --context ${name}`);
  }
}
