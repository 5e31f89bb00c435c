/** `/metrics`, `/healthz`, `/readyz`. */
import { once } from "node:events";
import { createServer } from "node:http";
import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import type { Condition, ServiceMaps } from "./bpf/index.ts";
import type { Following } from "./mesh/follow.ts";
import type { NodeTables } from "./mesh/node-tables.ts";

export interface ProbeOptions {
  readonly listen: { readonly address: string; readonly port: number };
  readonly version: string;
  readonly tables: Pick<NodeTables, "frontends" | "images">;
  readonly following: Pick<Following, "inStep">;
  readonly conditions: () => ReadonlyMap<string, Condition>;
  readonly counters: ServiceMaps["counters"];
  /** Why the node is not ready, in a sentence; nothing when it is. */
  readonly unready: () => string | undefined;
}

/** The address cannot be listened on. One sentence with reason and fix. */
export class ProbeError extends Error {
  override readonly name = "ProbeError";
}

/** Throws `ProbeError`. */
export async function startProbes(options: ProbeOptions): Promise<{ close(): Promise<void> }> {
  const registry = metrics(options);
  const server = createServer((request, response) => {
    const answer = (status: number, text: string, type = "text/plain; charset=utf-8") => {
      response.writeHead(status, { "content-type": type });
      response.end(text);
    };
    const [path] = (request.url ?? "").split("?");
    if (request.method !== "GET") answer(405, "only GET\n");
    else if (path === "/healthz") answer(200, "ok\n");
    else if (path === "/readyz") {
      const why = options.unready();
      answer(why === undefined ? 200 : 503, `${why ?? "ok"}\n`);
    } else if (path === "/metrics") {
      registry.metrics().then(
        (text) => answer(200, text, registry.contentType),
        (error: unknown) => answer(500, `${String(error)}\n`),
      );
    } else answer(404, "/metrics, /healthz, /readyz\n");
  });
  const { address, port } = options.listen;
  server.listen(port, address);
  await once(server, "listening").catch((error: Error) => {
    throw new ProbeError(
      `metrics: cannot listen on ${address} port ${port} (${error.message}); choose an address of this machine and a free port`,
      { cause: error },
    );
  });
  return {
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function metrics({ version, tables, following, conditions, counters }: ProbeOptions): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, labelNames: readonly string[], collect: (gauge: Gauge) => void) =>
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames,
        registers: [],
        collect() {
          this.reset();
          collect(this);
        },
      }),
    );
  gauge("carrick_agent_build_info", "1, with the version as a label.", ["version"], (build) =>
    build.set({ version }, 1),
  );
  gauge("carrick_agent_in_step", "1 while everything was taken that the controller has.", [], (step) =>
    step.set(following.inStep ? 1 : 0),
  );
  gauge("carrick_agent_frontends", "Addresses with a port that clients dial, and addresses.", [], (count) =>
    count.set(tables.frontends.size),
  );
  gauge("carrick_agent_images", "Ports of Services, each of IPv4 and of IPv6.", [], (count) =>
    count.set(tables.images.size),
  );
  gauge("carrick_agent_conditions", "What is not served as it is wanted, by reason.", ["reason"], (count) => {
    for (const { reason } of conditions().values()) count.inc({ reason });
  });
  registry.registerMetric(
    new Counter({
      name: "carrick_agent_socket_events_total",
      help: "What the socket programs did, by kind.",
      labelNames: ["kind"],
      registers: [],
      collect() {
        this.reset();
        for (const [kind, count] of Object.entries(counters())) this.inc({ kind }, Number(count));
      },
    }),
  );
  return registry;
}
