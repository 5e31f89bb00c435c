/** What the kernel holds, for who is root on the node: one question, read from the maps when it is asked. */
import { createServer } from "node:http";
import type { KernelFrontend, KernelReport } from "@carrick/core/report";
import { type Frontend, readHeld, type ServiceMaps, ticksNow } from "../bpf/index.ts";
import { isTooLong, listenPrivately, MAX_PATH, removeOwn } from "../unix-socket.ts";
import { parseFrontend } from "./frontend-text.ts";
import { kernelFrontend } from "./kernel-frontend.ts";

const MOST_FRONTENDS = 64;
const MOST_CONNECTIONS = 16;
const PATH = "/v1/frontends";

export interface InspectOptions {
  readonly path: string;
  readonly cluster: string;
  readonly node: string;
  readonly services: ServiceMaps;
  readonly clusterName: (index: number) => string | undefined;
  readonly onProblem: (sentence: string) => void;
}

interface Answer {
  readonly status: number;
  readonly body: KernelReport | { readonly error: string };
}

/** Listens; only root can connect. Throws when it cannot. */
export async function startInspect(options: InspectOptions): Promise<{ close(): Promise<void> }> {
  const { path, onProblem } = options;
  if (isTooLong(path)) throw new Error(`${path}: is longer than a socket's path can be (${MAX_PATH} bytes)`);
  const server = createServer({ requestTimeout: 5000, maxHeaderSize: 16_384 }, (request, response) => {
    const { status, body } = request.method === "GET" ? answer(request.url ?? "", options) : refuse(405, "only GET");
    response.writeHead(status, { "content-type": "application/json", connection: "close" });
    response.end(JSON.stringify(body));
  });
  server.maxConnections = MOST_CONNECTIONS;
  const inode = await listenPrivately(server, path);
  server.on("error", (error) => onProblem(`${path}: ${error.message}`));
  return {
    close: async () => {
      removeOwn(path, inode);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer(target: string, options: InspectOptions): Answer {
  const url = URL.parse(target, "http://agent");
  if (url?.pathname !== PATH) return refuse(404, `only ${PATH} is here`);
  const texts = url.searchParams.getAll("frontend");
  const frontends = texts.flatMap((text) => parseFrontend(text) ?? []);
  if (texts.length === 0 || texts.length > MOST_FRONTENDS || frontends.length < texts.length)
    return refuse(400, `needs \`frontend\` as in TCP/10.96.0.1/80, up to ${MOST_FRONTENDS} times`);
  try {
    const { cluster, node } = options;
    return { status: 200, body: { cluster, node, frontends: frontends.map((one) => read(one, options)) } };
  } catch (error) {
    return refuse(500, error instanceof Error ? error.message : String(error));
  }
}

function read(frontend: Frontend, { services, clusterName }: InspectOptions): KernelFrontend {
  return kernelFrontend(frontend, readHeld(services, frontend, ticksNow()), clusterName);
}

function refuse(status: number, error: string): Answer {
  return { status, body: { error } };
}
