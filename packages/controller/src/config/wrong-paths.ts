import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { checkKubeconfig } from "@carrick/kube";
import type { Config } from "./schema.ts";

/** What the configuration names and could not be used now, one sentence each. */
export async function wrongPaths({ clusters, cache }: Config): Promise<string[]> {
  const wrong: string[] = [];
  for (const { name, files, kubernetes } of clusters) {
    if (files !== undefined && !may(files, constants.R_OK)) {
      wrong.push(`${files}: the folder of cluster ${name} cannot be read; correct the path or its rights`);
    }
    if (kubernetes === undefined || "inCluster" in kubernetes || kubernetes.kubeconfig === undefined) continue;
    try {
      await checkKubeconfig(kubernetes.kubeconfig, kubernetes.context);
    } catch (error) {
      wrong.push(`cluster ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (cache !== undefined && !canHold(cache)) {
    wrong.push(`${cache}: \`cache\` of the configuration cannot be written; choose another folder`);
  }
  return wrong;
}

/** Whether the folder, or the nearest that exists above it, can be written. */
function canHold(folder: string): boolean {
  if (!existsSync(folder)) return dirname(folder) !== folder && canHold(dirname(folder));
  return statSync(folder).isDirectory() && may(folder, constants.W_OK);
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
