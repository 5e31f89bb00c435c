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

/** The objects of one file, in its order; objects of other kinds are passed over. Throws with line and reason if it is not YAML. */
export function readManifest(text: string): ManifestObject[] {
  const documents = parseAllDocuments(text, { uniqueKeys: true });
  if (documents.length > LARGEST_DOCUMENTS) throw new Error(`has more than ${LARGEST_DOCUMENTS} documents`);
  return [...documents].flatMap((document) => {
    const [broken] = "errors" in document ? document.errors : [];
    if (broken !== undefined) {
      throw new Error(
        `is not YAML: line ${broken.linePos?.[0].line ?? 1}: ${broken.message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "")}`,
      );
    }
    return objectsOf(document.toJS({ maxAliasCount: 100 }));
  });
}

function objectsOf(value: unknown): ManifestObject[] {
  if (!isObject(value)) return [];
  if (value["kind"] === "List" && Array.isArray(value["items"])) return value["items"].flatMap(objectsOf);
  const kind = KINDS.find((candidate) => candidate === value["kind"] && value["apiVersion"] === apiVersion(candidate));
  const metadata = isObject(value["metadata"]) ? value["metadata"] : {};
  const name = metadata["name"];
  if (kind === undefined || typeof name !== "string" || name === "") return [];
  if (ONLY_OBJECT[kind] !== undefined && ONLY_OBJECT[kind] !== name) return [];
  const namespace = typeof metadata["namespace"] === "string" ? metadata["namespace"] : "default";
  const wide = CLUSTER_WIDE.has(kind);
  const digest = createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 12);
  const object = {
    ...withData(kind, value),
    metadata: { ...metadata, ...(wide ? {} : { namespace }), resourceVersion: digest },
  };
  return [{ kind, key: wide ? name : `${namespace}/${name}`, object }];
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
