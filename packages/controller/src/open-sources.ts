import { KINDS } from "@carrick/core/model";
import type { TlsMaterial } from "@carrick/xds";
import type { Copies } from "./cache/copies.ts";
import { parseRange } from "./config/ranges.ts";
import type { Config } from "./config/schema.ts";
import type { Logger } from "./log.ts";
import { PEER_KINDS, PeerSource } from "./peers/peer-source.ts";
import { ingestRules } from "./sources/ingest-rules.ts";
import { openSource } from "./sources/open-source.ts";
import type { Source } from "./sources/source.ts";
import { StateLog } from "./sources/state-log.ts";
import { createWriters, type Writers } from "./sources/writers.ts";
import type { World } from "./world/world.ts";

export interface OpenSources {
  readonly config: Config;
  readonly world: World;
  readonly copies: Copies | undefined;
  readonly tls: () => TlsMaterial;
  readonly replica: string;
  readonly version: string;
  readonly log: Logger;
}

export interface Sources {
  readonly clusters: readonly Source[];
  readonly peers: readonly PeerSource[];
}

/** What is read: clusters through their API servers or from folders, and peers through their controllers. */
export async function openSources({
  config,
  world,
  copies,
  tls,
  replica,
  version,
  log,
}: OpenSources): Promise<Sources> {
  const rules = ingestRules(config);
  const states = new StateLog(log);
  const onState = (source: Source) => states.look(source);
  const clusters = config.clusters.map(async (cluster) => {
    const writers = createWriters(world, cluster.name);
    await copies?.restore(cluster.name, writers);
    if (cluster.new) assumeEmpty(cluster.name, writers, copies, log);
    return openSource(cluster, {
      world,
      rules,
      writers,
      userAgent: `carrick-controller/${version}`,
      onMalformed: (name, kind, reason) => log.warn({ cluster: name, kind }, `an object was passed over: ${reason}`),
      onState,
    });
  });
  const peers = (config.mesh?.peers ?? []).map(async ({ name, servers, podCidrs }) => {
    const writers = createWriters(world, name, PEER_KINDS);
    await copies?.restore(name, writers);
    const podRanges = podCidrs.flatMap((text) => parseRange(text) ?? []);
    const { domain } = config;
    const source: PeerSource = new PeerSource({
      cluster: name,
      servers,
      podRanges,
      domain,
      tls,
      writers,
      rules,
      replica,
      onState: () => onState(source),
    });
    return source;
  });
  return { clusters: await Promise.all(clusters), peers: await Promise.all(peers) };
}

/**
 * The operator's word that no Envoy can hold anything of a cluster. It holds until the cluster is seen for the first time,
 * which its copy on disk remembers: without copies it cannot be believed at a second start.
 */
function assumeEmpty(cluster: string, writers: Writers, copies: Copies | undefined, log: Logger): void {
  if (copies === undefined) log.warn(`cluster ${cluster}: \`new\` is passed over, because it needs a \`cache\``);
  else if (KINDS.some((kind) => writers[kind].known)) log.warn(`cluster ${cluster}: has been seen; remove \`new\``);
  else for (const kind of KINDS) writers[kind].restore([]);
}
