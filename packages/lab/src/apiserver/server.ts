/**
 * The embedded API server: enough of Kubernetes' API for the clients of this project and for `kubectl get`, `describe`,
 * `create --validate=false`, `replace`, `delete` and `--watch`. No schema is enforced, no controller runs: an object
 * stays as it was written, namespaces need not exist, finalizers are ignored, deleting deletes at once.
 */
import { randomInt, randomUUID } from "node:crypto";
import { Api } from "./api.ts";
import type { Namespace } from "@carrick/agent/net";
import { systemClock } from "@carrick/kube";
import type { Clock } from "@carrick/kube";
import type { Connection } from "./connection.ts";
import { control, isControl } from "./control.ts";
import type { Exchange } from "./exchange.ts";
import { Faults } from "./faults.ts";
import { kubeconfig } from "./kubeconfig.ts";
import { Listener } from "./listener.ts";
import type { TlsMaterial } from "./listener.ts";
import { objectsOf } from "./objects.ts";
import type { Objects } from "./objects.ts";
import { respondError, respondText } from "./respond.ts";
import { Storage } from "./storage.ts";
import { strike } from "./strike.ts";
import { Tokens } from "./tokens.ts";

export interface ApiServerOptions {
  /** Of the cluster: context of the kubeconfig. */
  readonly name: string;
  /** Default 127.0.0.1. */
  readonly address?: string;
  /** Default: any that is free. */
  readonly port?: number;
  /** A network namespace where it listens, on all addresses; it may be closed then. */
  readonly namespace?: Namespace;
  /** Plain HTTP/1.1 when not given. `caPem` goes into the kubeconfig; default: the certificate itself. */
  readonly tls?: (TlsMaterial & { readonly caPem?: string }) | undefined;
  /** Bearer tokens. When neither they nor an authority for clients are given, everybody is let in. */
  readonly tokens?: readonly string[];
  /** Where the objects outlive the process; one server at a time. Default: they do not. */
  readonly dataFile?: string;
  /** Changes of each resource that a watch may resume from; default 10,000. */
  readonly historyEvents?: number;
  /** Milliseconds from one bookmark of a watch to the next; default a minute. */
  readonly bookmarkMs?: number;
  /** Watches at once; default 10,000. */
  readonly maxWatchers?: number;
  /** Connections at once; default 10,000. */
  readonly maxConnections?: number;
  readonly clock?: Clock;
}

export interface ApiServer {
  readonly name: string;
  /** `https://127.0.0.1:6443` */
  readonly url: string;
  readonly port: number;
  readonly faults: Faults;
  readonly tokens: Tokens;
  readonly objects: Objects;
  /** A kubeconfig with the first of the tokens that the server was started with, as YAML. */
  kubeconfig(): string;
  /** Forgets all changes: watches from before get 410, continued lists have expired. */
  readonly compact: () => void;
  /** Resets every open connection, or lets it fall silent. */
  readonly breakConnections: (effect: "reset" | "silent", except?: Connection) => void;
  /** Ends every connection; the objects are gone unless there is a data file. */
  close(): Promise<void>;
}

/** Resolves when the server accepts connections. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { name, address = "127.0.0.1", tls, clock = systemClock } = options;
  const tokens = new Tokens(options.tokens ?? []);
  const open = options.tokens === undefined && tls?.clientCaPem === undefined;
  const faults = new Faults();
  const stamp = () => ({ uid: randomUUID(), now: clock.now(), suffix: suffix() });
  const storage = new Storage({ historyEvents: options.historyEvents ?? 10_000, dataFile: options.dataFile, stamp });
  const api = new Api({
    storage,
    clock,
    bookmarkMs: options.bookmarkMs ?? 60_000,
    maxWatchers: options.maxWatchers ?? 10_000,
  });

  const answer = async (exchange: Exchange): Promise<void> => {
    const controls = isControl(exchange.target);
    const effect = controls ? undefined : faults.strike(exchange.method, exchange.target);
    const served = effect === undefined ? exchange : strike(exchange, effect, clock);
    if (served === undefined) return;
    const probe = PROBES.has(served.target.split("?")[0]!);
    if (!open && !probe) tokens.check(served);
    if (probe) respondText(served, 200, "text/plain; charset=utf-8", "ok");
    else if (controls) await control(served, { faults, compact, breakConnections });
    else await api.answer(served);
  };
  const listener = new Listener({
    address,
    port: options.port ?? 0,
    namespace: options.namespace,
    tls,
    maxConnections: options.maxConnections ?? 10_000,
    on: (exchange) => void answer(exchange).catch((error: unknown) => respondError(exchange, error)),
  });
  const compact = (): void => storage.compact();
  const breakConnections: ApiServer["breakConnections"] = (effect, except) => {
    for (const connection of listener.connections) {
      if (connection === except) continue;
      if (effect === "reset") connection.reset();
      else connection.silence();
    }
  };
  const close = async (): Promise<void> => {
    await listener.close();
    storage.close();
  };
  let closed: Promise<void> | undefined;
  try {
    await listener.listen();
  } catch (error) {
    storage.close();
    throw error;
  }
  const host = address.includes(":") ? `[${address}]` : address;
  const { port } = listener;
  const url = `${tls === undefined ? "http" : "https"}://${host}:${port}`;
  return {
    name,
    url,
    port,
    faults,
    tokens,
    objects: objectsOf(storage),
    kubeconfig: () => kubeconfig({ name, url, caPem: tls?.caPem ?? tls?.certPem, token: options.tokens?.[0] }),
    compact,
    breakConnections,
    close: () => (closed ??= close()),
  };
}

/** Answered to everybody, as by kube-apiserver's default rules. */
const PROBES = new Set(["/healthz", "/livez", "/readyz"]);

const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

/** What kube-apiserver appends to `generateName`: five characters that form no words. */
function suffix(): string {
  return Array.from({ length: 5 }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
}
