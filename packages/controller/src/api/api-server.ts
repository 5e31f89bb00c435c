import { constants } from "node:crypto";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { StatusReport } from "@carrick/core/report";
import fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import { z } from "zod";
import type { TlsMaterial } from "@carrick/xds";
import type { World } from "../world/world.ts";
import { call } from "./call.ts";
import { type ErrorResponse, explain } from "./explain.ts";
import { service } from "./service.ts";
import { TableReader } from "./tables.ts";

export interface ApiOptions {
  readonly world: World;
  readonly status: () => StatusReport;
  /** The cluster whose nodes are served, if there is a mesh. */
  readonly mesh: string | undefined;
  /** Absent on the loopback; elsewhere clients must show a certificate of its authority. */
  readonly tls?: TlsMaterial;
  /** Whether a client may read, by the URI names of its certificate. Only asked with TLS. */
  readonly mayRead: (uris: readonly string[]) => boolean;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/;

const explainQuery = z.strictObject({ url: z.string().min(1).max(4096), fleet: z.string().max(63).optional() });
const serviceQuery = z.strictObject({ service: z.string().max(512), cluster: z.string().max(63).optional() });
const callQuery = z.strictObject({
  from: z.string().max(512),
  service: z.string().max(512),
  port: z.string().max(63).optional(),
});
const rowsQuery = z.strictObject({
  key: z.string().max(4096).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

/** The JSON API that the `carrick` command asks. It only reads; what is written goes through the Kubernetes API. */
export function apiServer({ world, status, mesh, tls, mayRead }: ApiOptions): FastifyInstance {
  const app = create(tls);
  const tables = new TableReader(world);
  if (tls !== undefined) {
    app.addHook("onRequest", async (request, reply) => {
      if (!mayRead(clientUris(request.raw.socket))) {
        await reply.code(403).send({ error: "this certificate's name may not read the API; use one of an operator" });
      }
    });
  }
  if (tls === undefined) {
    // A page in a browser of this machine must not read it under a name that points here (DNS rebinding).
    app.addHook("onRequest", async (request, reply) => {
      if (!LOOPBACK.test(request.host))
        await reply.code(403).send({ error: "ask for it by an address of the loopback" });
    });
  }
  app.get("/v1/status", () => status());
  app.get("/v1/explain", (request, reply) => {
    const query = explainQuery.safeParse(request.query);
    if (!query.success) return refuse(reply, 400, "needs `url`, for example /v1/explain?url=https://shop.example/cart");
    return answer(reply, explain(world, query.data.url, query.data.fleet));
  });
  app.get("/v1/service", (request, reply) => {
    const query = serviceQuery.safeParse(request.query);
    if (!query.success) return refuse(reply, 400, "needs `service`, for example /v1/service?service=shop/cart");
    return answer(reply, service(world, mesh, query.data.service, query.data.cluster));
  });
  app.get("/v1/call", (request, reply) => {
    const query = callQuery.safeParse(request.query);
    const example = "/v1/call?from=london:shop/web&service=shop/cart";
    if (!query.success) return refuse(reply, 400, `needs \`from\` and \`service\`, for example ${example}`);
    return answer(reply, call(world, mesh, query.data.from, query.data.service, query.data.port));
  });
  app.get("/v1/tables", () => tables.list());
  app.get<{ Params: { "*": string } }>("/v1/tables/*", (request, reply) => {
    const query = rowsQuery.safeParse(request.query);
    if (!query.success) return refuse(reply, 400, "takes `key`, or `limit` from 1 to 1000");
    const name = request.params["*"];
    const rows = tables.rows(name, query.data.key, query.data.limit);
    return rows ?? refuse(reply, 404, `there is no table ${name}; /v1/tables lists them`);
  });
  app.setNotFoundHandler((request, reply) =>
    refuse(
      reply,
      404,
      `${request.method} ${request.url} is nothing here; see /v1/status, /v1/explain, /v1/service, /v1/call, /v1/tables`,
    ),
  );
  return app;
}

function create(tls: TlsMaterial | undefined): FastifyInstance {
  const limits = { bodyLimit: 1024, requestTimeout: 30_000, routerOptions: { maxParamLength: 4096 } };
  if (tls === undefined) return fastify(limits);
  const https = { ...secureContext(tls), requestCert: true, rejectUnauthorized: true };
  const app: unknown = fastify({ ...limits, https });
  return app as FastifyInstance;
}

/** The same material as Node's TLS wants it. */
export function secureContext({ certificate, key, authority }: TlsMaterial) {
  // As on the xDS listener: without tickets a connection does not outlive the authority that it was let in by.
  return {
    cert: certificate,
    key,
    ca: authority,
    minVersion: "TLSv1.3",
    secureOptions: constants.SSL_OP_NO_TICKET,
  } as const;
}

/** URIs of the verified certificate; none if a name in it has to be quoted, as none of Carrick's has. */
function clientUris(socket: Socket): string[] {
  const names = socket instanceof TLSSocket ? (socket.getPeerX509Certificate()?.subjectAltName ?? "") : "";
  if (names.includes('"')) return [];
  return names.split(", ").flatMap((entry) => (entry.startsWith("URI:") ? [entry.slice(4)] : []));
}

function answer(reply: FastifyReply, result: object | ErrorResponse): object {
  if ("error" in result && "status" in result) return refuse(reply, result.status, result.error);
  return result;
}

function refuse(reply: FastifyReply, code: number, error: string): { error: string } {
  void reply.code(code);
  return { error };
}
