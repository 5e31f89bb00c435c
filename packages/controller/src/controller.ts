import { createHash } from "node:crypto";
import { Server as TlsServer } from "node:tls";
import type { EdgeEnvironment, Fleet } from "@carrick/core/derive";
import { type TlsMaterial, watchTlsFiles } from "@carrick/xds";
import type { FastifyInstance } from "fastify";
import { apiServer, secureContext } from "./api/api-server.ts";
import { probeServer } from "./api/probe-server.ts";
import { statusReport } from "./api/status.ts";
import { Copies } from "./cache/copies.ts";
import { lockFolder } from "./cache/folder-lock.ts";
import { ConfigError } from "@carrick/core/config";
import type { Config, EdgeConfig, ListenConfig } from "./config/schema.ts";
import { readCertificate, wrongControllerName } from "./config/controller-certificate.ts";
import type { Logger } from "./log.ts";
import { commitTimer, createMetrics, xdsMetrics } from "./metrics/metrics.ts";
import { Readiness } from "./readiness.ts";
import { watchNamedSecrets } from "./sources/secret-demand.ts";
import type { Source } from "./sources/source.ts";
import { ObjectCounts } from "./world/object-counts.ts";
import { ObjectProblems } from "./world/object-problems.ts";
import { World } from "./world/world.ts";
import { openSources } from "./open-sources.ts";
import { serveStreams } from "./serve/serve-streams.ts";

export interface ControllerOptions {
  readonly replica: string;
  readonly version: string;
  readonly log: Logger;
}

export interface Controller {
  /** Resolves when Envoys are served. */
  readonly serving: Promise<void>;
  /** Ends the streams and writes what is not on disk yet. Nothing is removed anywhere. */
  close(): Promise<void>;
}

/** Starts everything that the configuration names. Throws `ConfigError` when a file or a listener cannot be used. */
export async function startController(
  config: Config,
  { replica, version, log }: ControllerOptions,
): Promise<Controller> {
  const started = Date.now();
  let tls = readCertificate(config.tls);
  const unlock = config.cache === undefined ? undefined : lockFolder(config.cache);
  const unnamed = wrongControllerName(tls.certificate, config.domain);
  if (unnamed !== undefined) log.warn(`${config.tls.certificate}: ${unnamed}`);
  const hash: EdgeEnvironment["hash"] = (bytes) => createHash("sha256").update(bytes).digest("hex");
  const onDefect = (error: unknown) => log.error({ err: error }, "a defect of Carrick: please report it");
  const world = new World({
    fleets: config.edges.map(fleetOf),
    ...(config.mesh && { mesh: config.mesh.cluster }),
    hash,
    onDefect,
    soon: setImmediate,
  });
  const problems = new ObjectProblems(world);
  const counts = new ObjectCounts(world);
  const copies =
    config.cache === undefined
      ? undefined
      : new Copies({
          folder: config.cache,
          world,
          privateKey: tls.key,
          onProblem: (sentence) => log.warn(sentence),
        });
  const opened = await openSources({ config, world, copies, tls: () => tls, replica, version, log });
  const sources: readonly Source[] = [...opened.clusters, ...opened.peers];
  watchNamedSecrets(world, sources);
  const readiness = new Readiness({ sources, open: () => world.open() });
  const registry = createMetrics({ version, world, sources, problems });
  world.timeCommits(commitTimer(registry));
  const streams = await serveStreams({
    config,
    world,
    hash,
    tls: () => tls,
    log,
    metrics: xdsMetrics(registry),
    ready: () => readiness.ready,
  });
  problems.alsoFrom(() => streams.refusals());

  const status = () =>
    statusReport(
      {
        replica,
        version,
        started,
        ready: readiness.ready,
        waitingFor: readiness.waitingFor(),
        world,
        sources,
        counts,
        problems,
        envoys: (fleet) => streams.envoys(fleet),
        mesh: config.mesh && {
          cluster: config.mesh.cluster,
          world,
          peers: opened.peers,
          nodes: () => streams.nodes(),
          controllers: (cluster) => streams.controllers(cluster),
        },
      },
      Date.now(),
    );
  const mesh = config.mesh?.cluster;
  const api = apiServer({ world, status, mesh, ...apiTls(config, tls), mayRead: mayRead(config.domain) });
  const probes = probeServer({
    registry,
    waitingFor: () => readiness.waitingFor(),
    missing: () => readiness.missing(),
  });
  const servers = await listenAll([
    [config.listen.api, api, "listen.api"],
    [config.listen.metrics, probes, "listen.metrics"],
  ]);
  const unwatch = watchTlsFiles(
    config.tls,
    tls,
    (material) => {
      log.info("certificate files changed");
      tls = material;
      copies?.renew(material.key);
      if (api.server instanceof TlsServer) api.server.setSecureContext(secureContext(material));
    },
    (sentence) => log.warn(sentence),
  );
  log.info({ replica, version, clusters: config.clusters.map((cluster) => cluster.name) }, "started");
  void readiness.done().then(() => log.info("ready: Envoys are served"));
  return {
    serving: readiness.done(),
    close: async () => {
      unwatch();
      for (const source of sources) source.stop();
      await streams.close();
      await Promise.all(servers.map((server) => server.close()));
      await copies?.written();
      unlock?.();
      log.info("stopped");
    },
  };
}

function fleetOf({ name, classes, controllerName, http, https, redirect, drainSeconds }: EdgeConfig): Fleet {
  const listens = { ...(http && { http }), ...(https && { https }) };
  return { name, classes, controllerName, httpsRedirect: redirect, drainMs: drainSeconds * 1000, ...listens };
}

/** On the loopback everybody on the machine may read; elsewhere only certificates of the mesh's operators. */
function apiTls({ listen }: Config, tls: TlsMaterial): { tls?: TlsMaterial } {
  return listen.api === undefined || isLoopback(listen.api.address) ? {} : { tls };
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

function mayRead(domain: string): (uris: readonly string[]) => boolean {
  return (uris) => uris.some((uri) => uri.startsWith(`spiffe://${domain}/operator/`));
}

type Listening = readonly [listen: ListenConfig | undefined, server: FastifyInstance, field: string];

async function listenAll(wanted: readonly Listening[]): Promise<FastifyInstance[]> {
  const listening: FastifyInstance[] = [];
  for (const [listen, server, field] of wanted) {
    if (listen === undefined) continue;
    try {
      await server.listen({ host: listen.address, port: listen.port });
      listening.push(server);
    } catch (error) {
      await Promise.all(listening.map((other) => other.close()));
      const why = error instanceof Error ? error.message : String(error);
      throw new ConfigError(
        `${field}: cannot listen on ${listen.address} port ${listen.port} (${why}); choose another or free it`,
      );
    }
  }
  return listening;
}
