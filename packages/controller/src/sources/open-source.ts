import type { IngestRules } from "@carrick/core/ingest";
import type { Kind } from "@carrick/core/model";
import { createClient, openAccess } from "@carrick/kube";
import type { ClusterConfig } from "../config/schema.ts";
import type { World } from "../world/world.ts";
import { FilesSource } from "./files-source.ts";
import { KubernetesSource } from "./kubernetes-source.ts";
import type { Source } from "./source.ts";
import type { Writers } from "./writers.ts";

export interface OpenSourceOptions {
  readonly world: World;
  readonly rules: IngestRules;
  readonly writers: Writers;
  readonly userAgent: string;
  readonly onMalformed: (cluster: string, kind: Kind, reason: string) => void;
}

/** Opens what the configuration says about a cluster. Never throws: credentials that are wrong now may be right later. */
export function openSource(config: ClusterConfig, options: OpenSourceOptions): Source {
  const { world, rules, writers, userAgent, onMalformed } = options;
  if (config.files !== undefined) {
    return new FilesSource({ cluster: config.name, folder: config.files, rules, writers });
  }
  const api = config.kubernetes ?? {};
  const access = openAccess(
    "inCluster" in api
      ? { inCluster: true, ...(api.server !== undefined && { server: api.server }) }
      : {
          ...(api.kubeconfig !== undefined && { kubeconfig: api.kubeconfig }),
          ...(api.context !== undefined && { context: api.context }),
        },
  );
  return new KubernetesSource({
    cluster: config.name,
    client: createClient({ access, userAgent }),
    world,
    rules,
    writers,
    onMalformed: (kind, reason) => onMalformed(config.name, kind, reason),
  });
}
