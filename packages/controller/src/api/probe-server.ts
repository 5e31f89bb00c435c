import fastify, { type FastifyInstance } from "fastify";
import type { Registry } from "prom-client";

export interface ProbeOptions {
  readonly registry: Registry;
  /** What readiness waits for; nothing when ready. */
  readonly waitingFor: () => readonly string[];
  /** What is missing although this replica serves: a cluster that has never been seen, for example. */
  readonly missing: () => readonly string[];
}

/** `/healthz`, `/readyz` and `/metrics`, for the kubelet and for Prometheus: no names of objects, no TLS. */
export function probeServer({ registry, waitingFor, missing }: ProbeOptions): FastifyInstance {
  const app = fastify({ bodyLimit: 1024, requestTimeout: 30_000 });
  app.get("/healthz", () => "ok\n");
  app.get("/readyz", (_request, reply) => {
    const waiting = waitingFor();
    if (waiting.length > 0) return reply.code(503).send(lines("waiting for", waiting));
    return reply.send(`ok\n${lines("not seen yet:", missing())}`);
  });
  app.get("/metrics", async (_request, reply) => {
    void reply.type(registry.contentType);
    return registry.metrics();
  });
  return app;
}

function lines(prefix: string, sentences: readonly string[]): string {
  return sentences.map((sentence) => `${prefix} ${sentence}\n`).join("");
}
