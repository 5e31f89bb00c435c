/** The Kubernetes API over a storage: takes a request, gives its answer. */
import { acceptedForm } from "./accept.ts";
import type { Form } from "./accept.ts";
import { ApiError, expired } from "./api-error.ts";
import type { Clock } from "@carrick/kube";
import type { Collection } from "./collection.ts";
import { discovery, VERSION } from "./discovery.ts";
import { fromEntry } from "./entry.ts";
import type { Entry } from "./entry.ts";
import type { Exchange, ResponseHeaders } from "./exchange.ts";
import { boolean, listOptions, watchOptions } from "./list-options.ts";
import { listPage } from "./list.ts";
import type { Page } from "./list.ts";
import { readJson } from "./request-body.ts";
import { parseRequestPath } from "./request-path.ts";
import type { ResourcePath } from "./request-path.ts";
import { groupVersion } from "./resource.ts";
import { respondJson, respondText } from "./respond.ts";
import type { Storage } from "./storage.ts";
import { includeObject, table } from "./table.ts";
import { objectLines, tableLines } from "./watch-lines.ts";
import { watch } from "./watch.ts";
import { create, finalizersWarning, patch, remove, removeCollection, update } from "./write-requests.ts";

export interface ApiOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  /** Milliseconds from one bookmark of a watch to the next. */
  readonly bookmarkMs: number;
  /** Watches at once over all resources. */
  readonly maxWatchers: number;
}

/** What is left of a request when its path has been understood. */
interface Request {
  readonly exchange: Exchange;
  readonly path: ResourcePath;
  readonly collection: Collection;
  readonly query: URLSearchParams;
  readonly form: Form;
}

export class Api {
  readonly #options: ApiOptions;
  readonly #storage: Storage;

  constructor(options: ApiOptions) {
    this.#options = options;
    this.#storage = options.storage;
  }

  /** Answers. Throws an `ApiError` for a request that is refused; nothing has been sent then. */
  async answer(exchange: Exchange): Promise<void> {
    const { pathname, searchParams } = readTarget(exchange.target);
    const path = parseRequestPath(pathname);
    // Before anything is written: a client that cannot read the answer must not have changed anything.
    const form = acceptedForm(exchange.headers.accept);
    if (path.kind === "resource") {
      await this.#resource({ exchange, path, collection: this.#collection(path), query: searchParams, form });
    } else if (exchange.method !== "GET" && exchange.method !== "HEAD") {
      throw methodNotAllowed();
    } else if (path.kind === "other") {
      if (path.path !== "/version") throw notServed();
      respondJson(exchange, 200, VERSION);
    } else {
      const resources = this.#storage.registry.all().map(({ resource }) => resource);
      const type = form === "discovery" ? DISCOVERY_TYPE : "application/json";
      respondJson(exchange, 200, discovery(path, resources, form), { "content-type": type });
    }
  }

  #collection({ group, version, plural, namespace, name, subresource }: ResourcePath): Collection {
    const collection = this.#storage.registry.find(group, version, plural);
    if (collection === undefined) throw notServed();
    const { resource } = collection;
    if (namespace !== undefined && !resource.namespaced) throw notServed();
    if (name !== undefined && namespace === undefined && resource.namespaced) throw notServed();
    if (subresource !== undefined && !(subresource === "status" && resource.status)) throw notServed();
    return collection;
  }

  async #resource(request: Request): Promise<void> {
    const { exchange, path } = request;
    const { method } = exchange;
    if (method === "GET" || method === "HEAD") return this.#read(request);
    const one = path.name !== undefined;
    if (!(one ? WRITES_OF_ONE : WRITES_OF_MANY).has(method)) throw methodNotAllowed();
    if (!one && request.collection.resource.namespaced && path.namespace === undefined) throw methodNotAllowed();
    if (path.subresource !== undefined && method === "DELETE") throw methodNotAllowed();
    const body = await readJson(exchange.body, exchange.headers);
    // The body took time: a definition may have been deleted meanwhile.
    this.#write({ ...request, collection: this.#collection(path) }, body);
  }

  #write(request: Request, body: unknown): void {
    const { exchange, path, collection, query } = request;
    const { namespace, name } = path;
    const target = { collection, namespace, name, status: path.subresource === "status", query, body };
    switch (exchange.method) {
      case "POST":
        return this.#object(request, create(this.#storage, target), 201);
      case "PUT":
        return this.#object(request, update(this.#storage, target));
      case "PATCH":
        return this.#object(request, patch(this.#storage, target, exchange.headers["content-type"]));
      default:
        if (name !== undefined) return this.#removed(request, remove(this.#storage, target));
        return this.#removedAll(request, removeCollection(this.#storage, target));
    }
  }

  #read(request: Request): void {
    const { path, collection, query } = request;
    if (path.name !== undefined) {
      return this.#object(request, this.#storage.get(collection, path.namespace, path.name));
    }
    if (boolean(query, "watch") === true) return this.#watch(request);
    const options = listOptions(query, collection.resource);
    const now = this.#options.clock.now();
    this.#list(request, listPage(collection, path.namespace, options, this.#storage.version, now));
  }

  #list({ exchange, collection, query, form }: Request, page: Page, more: ResponseHeaders = {}): void {
    const { resource } = collection;
    const metadata = {
      resourceVersion: String(page.version),
      ...(page.continueToken === undefined ? {} : { continue: page.continueToken }),
      ...(page.remaining === undefined ? {} : { remainingItemCount: page.remaining }),
    };
    if (form === "table") {
      const now = this.#options.clock.now();
      return respondJson(exchange, 200, table(resource, page.entries, metadata, includeObject(query), now), more);
    }
    const head = JSON.stringify({ kind: resource.listKind, apiVersion: groupVersion(resource), metadata });
    const items = page.entries.map((entry) => entry.json).join(",");
    respondText(exchange, 200, "application/json", `${head.slice(0, -1)},"items":[${items}]}`, more);
  }

  #watch({ exchange, path, collection, query, form }: Request): void {
    const { clock, bookmarkMs, maxWatchers } = this.#options;
    const { resource } = collection;
    const options = watchOptions(query, resource);
    const lines =
      form === "table" ? tableLines(resource, includeObject(query), () => clock.now()) : objectLines(resource);
    // Such a version is of another history: waiting for ours to reach it would hide what lies between.
    if ((options.from ?? 0) > this.#storage.version) throw expired(`unknown resource version: ${options.from}`);
    const watchers = this.#storage.registry.all().reduce((sum, one) => sum + one.watchers.size, 0);
    if (watchers >= maxWatchers) {
      throw new ApiError(429, `${maxWatchers} watches are open: end some`, { details: { retryAfterSeconds: 1 } });
    }
    const version = (): number => this.#storage.version;
    const out = exchange.open(200, { "content-type": "application/json" });
    if (exchange.method === "HEAD") out.end();
    else watch(collection, lines, { ...options, namespace: path.namespace, bookmarkMs, clock, version }, out);
  }

  #object({ exchange, collection, query, form }: Request, entry: Entry, status = 200): void {
    if (form !== "table") {
      return respondText(exchange, status, "application/json", entry.json);
    }
    const metadata = { resourceVersion: String(entry.version) };
    const now = this.#options.clock.now();
    respondJson(exchange, status, table(collection.resource, [entry], metadata, includeObject(query), now));
  }

  #removed({ exchange, collection }: Request, entry: Entry): void {
    const { group, plural } = collection.resource;
    const details = { name: entry.name, group, kind: plural, uid: fromEntry(entry).metadata.uid };
    const status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
    respondJson(exchange, 200, status, finalizersWarning([entry]));
  }

  #removedAll(request: Request, entries: readonly Entry[]): void {
    const page = { entries, version: this.#storage.version, continueToken: undefined, remaining: undefined };
    this.#list(request, page, finalizersWarning(entries));
  }
}

const DISCOVERY_TYPE = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const WRITES_OF_ONE = new Set(["PUT", "PATCH", "DELETE"]);
const WRITES_OF_MANY = new Set(["POST", "DELETE"]);

function readTarget(target: string): URL {
  const url = target.startsWith("/") ? URL.parse(`http://server${target}`) : null;
  if (url === null) throw new ApiError(400, "the request target is no path");
  return url;
}

function notServed(): ApiError {
  return new ApiError(404, "the server could not find the requested resource");
}

function methodNotAllowed(): ApiError {
  return new ApiError(405, "the server does not allow this method on the requested resource");
}
