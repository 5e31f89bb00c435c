import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import { complaints } from "./complaint.ts";
import { type Config, configSchema } from "./schema.ts";

/** The configuration cannot be used. Each line of the message says where, why and what mends it. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Reads and checks a configuration file; paths in it become absolute. Throws `ConfigError`. */
export function loadConfig(file: string): Config {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`${file}: cannot be read (${why}); name the configuration file with --config`);
  }
  return absolute(parseConfig(text, file), dirname(resolve(file)));
}

/** Checks the text of a configuration file. `file` is only for messages. Throws `ConfigError`. */
export function parseConfig(text: string, file: string): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const [broken] = document.errors;
  if (broken !== undefined) {
    const reason = broken.message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "");
    throw new ConfigError(
      `${file}:${broken.linePos?.[0].line ?? 1}: is not YAML: ${reason}; correct what stands there or just before`,
    );
  }
  const parsed = configSchema.safeParse(toData(document, file), { reportInput: true });
  if (parsed.success) return parsed.data;
  const all = complaints(parsed.error.issues).map(({ path, message }) => {
    const offset = offsetOf(document, path);
    const line = offset === undefined ? "" : `:${lines.linePos(offset).line}`;
    return `${file}${line}: ${dotted(path)}${path.length === 0 ? "" : ": "}${message}`;
  });
  throw new ConfigError(all.join("\n"));
}

function toData(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (error) {
    throw new ConfigError(`${file}: cannot be expanded (${error instanceof Error ? error.message : String(error)})`);
  }
}

/** Where the value stands in the text, or the nearest thing around it. */
function offsetOf(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]): number | undefined {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true);
    if (typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range)) {
      return Number(node.range[0]);
    }
  }
  return undefined;
}

/** `clusters[1].name` */
function dotted(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}

function absolute(config: Config, folder: string): Config {
  const at = (path: string) => resolve(folder, path);
  const { certificate, key, authority } = config.tls;
  return {
    ...config,
    tls: { certificate: at(certificate), key: at(key), authority: at(authority) },
    ...(config.cache !== undefined && { cache: at(config.cache) }),
    clusters: config.clusters.map((cluster) => {
      const api = cluster.kubernetes;
      if (cluster.files !== undefined) return { ...cluster, files: at(cluster.files) };
      if (api === undefined || !("kubeconfig" in api) || api.kubeconfig === undefined) return cluster;
      return { ...cluster, kubernetes: { ...api, kubeconfig: at(api.kubeconfig) } };
    }),
  };
}
