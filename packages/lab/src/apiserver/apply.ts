/** `apply -f` of plain means: every object of a YAML text is created, or replaces the one that is there. */
import { KubeError, resourcePath } from "@carrick/kube";
import type { KubeClient, ResourceRef } from "@carrick/kube";
import { parseAllDocuments } from "yaml";
import { isJsonObject } from "./kube-object.ts";
import type { JsonObject } from "./kube-object.ts";

export type ApplyClient = Pick<KubeClient, "get" | "create" | "update">;

export interface Applied {
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly outcome: "created" | "replaced" | "unchanged";
  /** The object's resourceVersion. */
  readonly version: string;
}

export interface ApplyOptions {
  /** For objects that name none; `default` when not given. */
  readonly namespace?: string;
  /** What the YAML is called in errors. */
  readonly source?: string;
}

/** How often a write is tried again because somebody else was faster. */
const RETRIES = 5;

/**
 * Applies the documents in their order, `List`s taken apart, and stops at the first that fails. Status is not written.
 * Errors say which document of which source it was.
 */
export async function apply(client: ApplyClient, yaml: string, options: ApplyOptions = {}): Promise<Applied[]> {
  const source = options.source ?? "the YAML";
  const resources = new ApiResources(client);
  const applied: Applied[] = [];
  for (const { object, where } of objectsIn(yaml, source)) {
    try {
      applied.push(await applyOne(client, resources, object, options.namespace ?? "default"));
    } catch (error) {
      throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  return applied;
}

interface Located {
  readonly object: JsonObject;
  readonly where: string;
}

function objectsIn(yaml: string, source: string): Located[] {
  const located: Located[] = [];
  // Aliases expand: a small text must not become a huge object.
  for (const [index, document] of parseAllDocuments(yaml, { uniqueKeys: true }).entries()) {
    const where = `${source}: document ${index + 1}`;
    const [problem] = document.errors;
    if (problem !== undefined) throw new Error(`${where}: is no YAML: ${problem.message}`, { cause: problem });
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (value === null) continue;
    if (!isJsonObject(value)) throw new Error(`${where}: is no object: write apiVersion, kind and metadata`);
    const items = value["items"];
    if (value["kind"] !== "List" || !Array.isArray(items)) located.push({ object: value, where });
    else
      for (const [i, item] of items.filter(isJsonObject).entries())
        located.push({ object: item, where: `${where}, item ${i}` });
  }
  return located;
}

async function applyOne(
  client: ApplyClient,
  resources: ApiResources,
  object: JsonObject,
  namespace: string,
): Promise<Applied> {
  const metadata = isJsonObject(object["metadata"]) ? object["metadata"] : {};
  const kind = required(object["kind"], "kind");
  const name = required(metadata["name"], "metadata.name");
  const { namespaced, ...resource } = await resources.find(required(object["apiVersion"], "apiVersion"), kind);
  const own = metadata["namespace"];
  const space = namespaced ? (typeof own === "string" && own !== "" ? own : namespace) : undefined;
  const placed = space === undefined ? {} : { namespace: space };
  const path = resourcePath({ ...resource, ...placed }, name);
  for (let attempt = 0; ; attempt += 1) {
    try {
      const old = await unlessCode(404, client.get(path));
      const written =
        old === undefined
          ? await client.create(resourcePath({ ...resource, ...placed }), {
              ...object,
              metadata: { ...metadata, ...placed },
            })
          : await client.update(path, { ...object, metadata: { ...metadata, resourceVersion: versionOf(old) } });
      const version = versionOf(written);
      const outcome = old === undefined ? "created" : version === versionOf(old) ? "unchanged" : "replaced";
      return { kind, namespace: space, name, outcome, version };
    } catch (error) {
      // Created, changed or deleted between the two requests.
      if (attempt >= RETRIES || ![404, 409].includes(codeOf(error))) throw error;
    }
  }
}

interface ApiResource extends Omit<ResourceRef, "namespace"> {
  readonly namespaced: boolean;
}

/** Kinds as discovery tells them, read once per group, and again for a kind that a definition has just added. */
class ApiResources {
  readonly #client: ApplyClient;
  readonly #known = new Map<string, readonly JsonObject[]>();

  constructor(client: ApplyClient) {
    this.#client = client;
  }

  async find(apiVersion: string, kind: string): Promise<ApiResource> {
    const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const found = choose(this.#known.get(base), kind) ?? choose(await this.#read(base), kind);
    if (found === undefined) throw new Error(`kind: ${apiVersion} ${kind} is not served: apply its definition first`);
    const [version = "", group = ""] = apiVersion.split("/").reverse();
    return { group, version, plural: String(found["name"]), namespaced: found["namespaced"] === true };
  }

  async #read(base: string): Promise<readonly JsonObject[]> {
    const listed = (await unlessCode(404, this.#client.get(base)))?.["resources"];
    const resources = Array.isArray(listed) ? listed.filter(isJsonObject) : [];
    this.#known.set(base, resources);
    return resources;
  }
}

function choose(resources: readonly JsonObject[] | undefined, kind: string): JsonObject | undefined {
  return resources?.find((one) => one["kind"] === kind && !String(one["name"]).includes("/"));
}

function required(value: unknown, path: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new Error(`${path}: is missing: write it`);
}

function versionOf(object: JsonObject): string {
  const metadata = object["metadata"];
  return isJsonObject(metadata) ? String(metadata["resourceVersion"]) : "";
}

async function unlessCode<T>(code: number, answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (codeOf(error) === code) return undefined;
    throw error;
  }
}

function codeOf(error: unknown): number {
  return error instanceof KubeError ? error.status : 0;
}
