import { createHash } from "node:crypto";
import type { KubeObject } from "@carrick/core/ingest";
import { type Kind, KINDS } from "@carrick/core/model";
import { parseAllDocuments } from "yaml";
import { API_RESOURCES, ONLY_OBJECT } from "./api-resources.ts";

/** An object of a kind that Carrick reads. */
export interface ManifestObject {
  readonly kind: Kind;
  /** `<namespace>/<name>`, or the name of a cluster-wide object. */
  readonly key: string;
  /** With `metadata.resourceVersion` a digest of its content: files have no versions of their own. */
  readonly object: KubeObject;
}

const CLUSTER_WIDE: ReadonlySet<Kind> = new Set<Kind>(["Cluster", "Namespace", "Node", "IngressClass"]);
const LARGEST_DOCUMENTS = 20_000;

/** What one file holds. */
export interface Manifest {
  /** In the order of the file. Objects of kinds that Carrick does not read are passed over. */
  readonly objects: readonly ManifestObject[];
  /** Objects that look as if they were meant for Carrick, but cannot be used: one sentence each. */
  readonly problems: readonly string[];
}

/** Reads one file. Throws with line and reason if it is not YAML, or holds something else than objects. */
export function readManifest(text: string): Manifest {
  const documents = parseAllDocuments(text, { uniqueKeys: true });
  if (documents.length > LARGEST_DOCUMENTS) throw new Error(`has more than ${LARGEST_DOCUMENTS} documents`);
  const objects: ManifestObject[] = [];
  const problems: string[] = [];
  for (const [i, document] of [...documents].entries()) {
    const [broken] = "errors" in document ? document.errors : [];
    if (broken !== undefined) {
      throw new Error(
        `is not YAML: line ${broken.linePos?.[0].line ?? 1}: ${broken.message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "")}`,
      );
    }
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    // A file may begin or end with a separator, or hold nothing but comments.
    if (value === null || value === undefined) continue;
    if (!isObject(value)) throw new Error(`holds no object in document ${i + 1}, but ${shownKind(value)}`);
    for (const one of itemsOf(value)) {
      const read = readObject(one);
      if (typeof read === "string") problems.push(`document ${i + 1}: ${read}`);
      else if (read !== undefined) objects.push(read);
    }
  }
  return { objects, problems };
}

function itemsOf(value: KubeObject): KubeObject[] {
  return value["kind"] === "List" && Array.isArray(value["items"]) ? value["items"].filter(isObject) : [value];
}

/** An object, what is wrong with it, or undefined where it is none that Carrick reads. */
function readObject(value: KubeObject): ManifestObject | string | undefined {
  const kind = KINDS.find((candidate) => candidate === value["kind"]);
  if (kind === undefined) return undefined;
  const version = value["apiVersion"];
  if (version !== apiVersion(kind)) {
    const group = typeof version === "string" && version.includes("/") ? version.slice(0, version.indexOf("/")) : "";
    const meant = group === API_RESOURCES[kind].group || (kind === "Ingress" && group === "extensions");
    return meant
      ? `${article(kind)} of ${typeof version === "string" ? version : "no apiVersion"} is not read; write it as ${apiVersion(kind)}`
      : undefined;
  }
  const metadata = isObject(value["metadata"]) ? value["metadata"] : {};
  const name = metadata["name"];
  if (typeof name !== "string" || name === "")
    return `${article(kind)} without \`metadata.name\` is not read; give it one`;
  if (ONLY_OBJECT[kind] !== undefined && ONLY_OBJECT[kind] !== name) return undefined;
  const namespace = typeof metadata["namespace"] === "string" ? metadata["namespace"] : "default";
  const wide = CLUSTER_WIDE.has(kind);
  const digest = createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 12);
  const object = {
    ...withData(kind, value),
    metadata: { ...metadata, ...(wide ? {} : { namespace }), resourceVersion: digest },
  };
  return { kind, key: wide ? name : `${namespace}/${name}`, object };
}

function article(kind: Kind): string {
  return `${/^[AEIOU]/.test(kind) ? "an" : "a"} ${kind}`;
}

function shownKind(value: unknown): string {
  return Array.isArray(value) ? "a list" : `a ${typeof value === "string" ? "text" : typeof value}`;
}

/** A Secret in a file may have `stringData`, which an API server would have encoded. */
function withData(kind: Kind, value: KubeObject): KubeObject {
  const plain = value["stringData"];
  if (kind !== "Secret" || !isObject(plain)) return value;
  const encoded = Object.entries(plain).map(([key, text]) => [key, Buffer.from(String(text)).toString("base64")]);
  const data = isObject(value["data"]) ? value["data"] : {};
  return { ...value, data: { ...data, ...Object.fromEntries(encoded) } };
}

function apiVersion(kind: Kind): string {
  const { group, version } = API_RESOURCES[kind];
  return group === "" ? version : `${group}/${version}`;
}

function isObject(value: unknown): value is KubeObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
