import { once } from "node:events";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import type { TestContext } from "node:test";
import type { Clock } from "@carrick/kube";
import { isJsonObject } from "./kube-object.ts";
import { startApiServer } from "./server.ts";
import type { ApiServer, ApiServerOptions } from "./server.ts";

/** JSON of which a test knows the shape. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = any;

/** A plain HTTP server whose first write has the version 2, ended with its test. */
export async function started(t: TestContext, options: Partial<ApiServerOptions> = {}): Promise<ApiServer> {
  const server = await startApiServer({ name: "london", clock: new ManualClock(), ...options });
  t.after(() => server.close());
  return server;
}

/** Time that passes only when a test says so. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ readonly at: number; readonly on: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, on: () => void): () => void {
    const timer = { at: this.#now + ms, on };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Runs what is due, in the order of time. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#now = due.at;
      due.on();
    }
    this.#now = end;
  }

  get pending(): number {
    return this.#timers.size;
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Json;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export async function call(
  server: ApiServer,
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<Answer> {
  const { body, headers = {} } = options;
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson && text !== "" ? JSON.parse(text) : undefined,
  };
}

export async function get(server: ApiServer, path: string, headers: Record<string, string> = {}): Promise<Json> {
  return (await call(server, "GET", path, { headers })).json;
}

export interface TestWatch {
  /** The next event; undefined at the end of the stream. */
  next(): Promise<Json>;
  /** The next `count` events, each as `TYPE name`, a bookmark as `BOOKMARK`. */
  take(count: number): Promise<string[]>;
  /** All events up to the end of the stream. */
  rest(): Promise<Json[]>;
  cancel(): void;
}

/** Opens a watch; it begins with the server's headers. */
export async function openWatch(
  t: TestContext,
  server: ApiServer,
  path: string,
  headers: Record<string, string> = {},
): Promise<TestWatch> {
  const sent = request(`${server.url}${path}`, { headers, agent: false });
  // The reader of the body is told.
  sent.on("error", () => undefined);
  t.after(() => sent.destroy());
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const events = parsed(lines(response));
  const watch: TestWatch = {
    next: async () => (await events.next()).value,
    async take(count) {
      const taken: string[] = [];
      while (taken.length < count) taken.push(shown(await watch.next()));
      return taken;
    },
    async rest() {
      const all: Json[] = [];
      for await (const event of events) all.push(event);
      return all;
    },
    cancel: () => void sent.destroy(),
  };
  return watch;
}

export async function* lines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pending = "";
  for await (const chunk of body) {
    pending += decoder.decode(chunk, { stream: true });
    const whole = pending.split("\n");
    pending = whole.pop()!;
    yield* whole;
  }
  if (pending !== "") yield pending;
}

async function* parsed(texts: AsyncIterable<string>): AsyncGenerator<Json> {
  for await (const text of texts) yield JSON.parse(text);
}

function shown(event: Json): string {
  if (!isJsonObject(event)) return "end";
  const name = (event["object"] as Json).metadata?.name;
  return name === undefined ? String(event["type"]) : `${String(event["type"])} ${name}`;
}

/** A ConfigMap to write. */
export function configMap(
  name: string,
  more: { readonly labels?: Record<string, string>; readonly data?: object } = {},
) {
  const { labels, data = {} } = more;
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, ...(labels === undefined ? {} : { labels }) }, data };
}
