/** What the tests of the reflector share: a real API server over real sockets, time that does not pass, a sink. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { type ApiServer, type ApiServerOptions, startApiServer } from "@carrick/lab";
import { createAuthority } from "../../../lab/src/trust/index.ts";
import { openAccess } from "../access.ts";
import { type ClientOptions, createClient, type KubeClient, type KubeReader } from "../client.ts";
import type { Clock } from "../clock.ts";
import type { ResourceRef } from "../resource-path.ts";
import { type Fields, fields } from "../shape.ts";
import { reflect, type ReflectOptions, type Reflector } from "./reflect.ts";
import type { ReflectedChange, ReflectorSink, ReflectorState } from "./sink.ts";

export const folder = mkdtempSync(join(tmpdir(), "carrick-reflector-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const authority = await createAuthority("api");
const pair = await authority.issue({ ips: ["127.0.0.1"] });
export const tls = { certPem: pair.certPem, keyPem: pair.keyPem, caPem: authority.certPem };

export type Protocol = "HTTP/1.1" | "HTTP/2";
export const protocols: readonly Protocol[] = ["HTTP/1.1", "HTTP/2"];

let count = 0;

export function startServer(protocol: Protocol, options: Partial<ApiServerOptions> = {}): Promise<ApiServer> {
  count += 1;
  const secure = protocol === "HTTP/2" ? { tls, tokens: ["t"] } : {};
  return startApiServer({ name: `cluster-${count}`, ...secure, ...options });
}

export function connect(kubeconfig: string, options: Partial<ClientOptions> = {}): KubeClient {
  count += 1;
  const path = join(folder, `kubeconfig-${count}`);
  writeFileSync(path, kubeconfig);
  const timeouts = { connectMs: 1_000, ...options.timeouts };
  return createClient({ access: openAccess({ kubeconfig: path }), ...options, timeouts });
}

/** Waits are over at once; their lengths are kept, and the time goes on by them. */
export class FastClock implements Clock {
  readonly waits: number[] = [];
  ms = 1_000_000;
  now(): number {
    return this.ms;
  }
  after(ms: number, on: () => void): () => void {
    this.waits.push(ms);
    this.ms += ms;
    const immediate = setImmediate(on);
    return () => clearImmediate(immediate);
  }
}

/** Keeps what it is told: values by key, and how. */
export class Recorder implements ReflectorSink<string> {
  readonly values = new Map<string, string>();
  readonly batches: (readonly ReflectedChange<string>[])[] = [];
  readonly states: ReflectorState[] = [];
  syncs = 0;
  #waiting: { readonly condition: () => boolean; readonly resolve: () => void }[] = [];

  apply(changes: readonly ReflectedChange<string>[]): void {
    this.batches.push(changes);
    for (const change of changes) {
      if ("deleted" in change) this.values.delete(change.key);
      else this.values.set(change.key, change.value);
    }
    this.#look();
  }

  synced(): void {
    this.syncs += 1;
    this.#look();
  }

  state(state: ReflectorState): void {
    this.states.push(state);
    this.#look();
  }

  get last(): ReflectorState | undefined {
    return this.states.at(-1);
  }

  get changes(): string[] {
    return this.batches.flat().map((one) => ("deleted" in one ? `-${one.key}` : `${one.key}=${one.value}`));
  }

  /** Resolves as soon as the sink has been told what makes the condition true. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ condition, resolve });
      this.#look();
    });
  }

  watching(): Promise<void> {
    return this.until(() => this.last?.phase === "watching");
  }

  #look(): void {
    this.#waiting = this.#waiting.filter(({ condition, resolve }) => {
      if (!condition()) return true;
      resolve();
      return false;
    });
  }
}

export const namespaces: ResourceRef = { group: "", version: "v1", plural: "namespaces" };

/** The value of a namespace in these tests is its label `v`. */
export function namespace(name: string, v: string): object {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels: { v } } };
}

export function label(object: Fields): string {
  return String(fields(fields(object["metadata"])?.["labels"])?.["v"]);
}

export interface Setup {
  readonly server: ApiServer;
  readonly client: KubeClient;
  readonly sink: Recorder;
  readonly clock: FastClock;
  readonly malformed: string[];
  /** Paths with queries of the lists and watches that were asked for. */
  readonly asked: string[];
  readonly reflector: Reflector;
}

export type SetupOptions = Partial<Omit<ReflectOptions<string>, "client" | "sink" | "clock">> & {
  readonly client?: Partial<ClientOptions>;
  readonly serverOptions?: Partial<ApiServerOptions>;
  /** Before the reflector starts. */
  readonly prepare?: (server: ApiServer) => void;
};

/** Runs `body` with a server and a reflector of its namespaces, and takes both down whatever happens. */
export async function reflecting(
  protocol: Protocol,
  { client: clientOptions, serverOptions, prepare, ...options }: SetupOptions,
  body: (setup: Setup) => Promise<void>,
): Promise<void> {
  const server = await startServer(protocol, serverOptions);
  prepare?.(server);
  const asked: string[] = [];
  const client = connect(server.kubeconfig(), clientOptions);
  const [sink, clock, malformed] = [new Recorder(), new FastClock(), [] as string[]];
  const reflector = reflect<string>({
    resource: namespaces,
    project: label,
    random: () => 0,
    onMalformed: (reason) => malformed.push(reason),
    ...options,
    client: noting(client, asked),
    sink,
    clock,
  });
  try {
    await body({ server, client, sink, clock, malformed, asked, reflector });
  } finally {
    reflector.stop();
    client.close();
    await server.close();
    await reflector.done;
  }
}

function noting(client: KubeReader, asked: string[]): KubeReader {
  const note = (path: string, query: object = {}): void => {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    asked.push(`${path}?${given.map(([name, value]) => `${name}=${String(value)}`).join("&")}`);
  };
  return {
    name: client.name,
    get(path, options) {
      note(path, options?.query);
      return client.get(path, options);
    },
    stream(path, options) {
      note(path, options.query);
      return client.stream(path, options);
    },
  };
}
