import type { IngestRules } from "@carrick/core/ingest";
import type { Kind } from "@carrick/core/model";
import { type Access, createClient, openAccess } from "@carrick/kube";
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
  /** Something about the source may have changed. */
  readonly onState: (source: Source) => void;
}

/** Opens what the configuration says about a cluster. Never throws: credentials that are wrong now may be right later. */
export function openSource(config: ClusterConfig, options: OpenSourceOptions): Source {
  const { world, rules, writers, userAgent, onMalformed } = options;
  // Nothing is told before the source is there.
  const onState = () => options.onState(source);
  const common = { cluster: config.name, rules, writers, onState };
  const source =
    config.files !== undefined
      ? new FilesSource({ ...common, folder: config.files })
      : new KubernetesSource({
          ...common,
          client: createClient({ access: accessOf(config), userAgent }),
          world,
          onMalformed: (kind, reason) => onMalformed(config.name, kind, reason),
        });
  return source;
}

function accessOf({ kubernetes: api = {} }: ClusterConfig): Access {
  if ("inCluster" in api)
    return openAccess({ inCluster: true, ...(api.server !== undefined && { server: api.server }) });
  return openAccess({
    ...(api.kubeconfig !== undefined && { kubeconfig: api.kubeconfig }),
    ...(api.context !== undefined && { context: api.context }),
  });
}
