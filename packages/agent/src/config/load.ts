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
  const config = parseConfig(text, file, configSchema);
  const at = (path: string) => resolve(dirname(resolve(file)), path);
  const { certificate, key, authority } = config.tls;
  const { folder, cgroup, objects } = config.bpf;
  return {
    ...config,
    tls: { certificate: at(certificate), key: at(key), authority: at(authority) },
    runDir: at(config.runDir),
    bpf: {
      ...config.bpf,
      folder: at(folder),
      ...(cgroup !== undefined && { cgroup: at(cgroup) }),
      ...(objects !== undefined && { objects: at(objects) }),
    },
  };
}
