import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { ConfigError, parseConfig } from "@carrick/core/config";
import { type Config, configSchema } from "./schema.ts";

/** Reads and checks a configuration file; paths in it become absolute. Throws `ConfigError`. */
export function loadConfig(file: string): Config {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`${file}: cannot be read (${why}); name the configuration file with --config`);
  }
  return absolute(parseConfig(text, file, configSchema), dirname(resolve(file)));
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
