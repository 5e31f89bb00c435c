import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseDocument } from "yaml";
import { z } from "zod";
import { reasonOf, usageError } from "../exit-code.ts";

const listen = z.object({ address: z.string(), port: z.number().int().min(1).max(65_535) });

/** What commands need of a controller's configuration. The controller itself checks the rest. */
const shape = z.object({
  domain: z.string().default("carrick.local"),
  listen: z.object({ xds: listen, api: listen.optional(), metrics: listen.optional() }).optional(),
  tls: z.object({ certificate: z.string(), key: z.string(), authority: z.string() }).optional(),
  clusters: z.array(
    z.object({
      name: z.string(),
      files: z.string().optional(),
      kubernetes: z
        .union([
          z.object({ inCluster: z.literal(true), server: z.string().exactOptional() }),
          z.object({ kubeconfig: z.string().exactOptional(), context: z.string().exactOptional() }),
        ])
        .optional(),
    }),
  ),
});

/** Paths in it are absolute. */
export type ControllerConfig = z.infer<typeof shape>;
export type ConfiguredCluster = ControllerConfig["clusters"][number];

/** Reads what commands need of a controller's configuration file. Throws a `CommandError` with path and reason. */
export async function readControllerConfig(file: string): Promise<ControllerConfig> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw usageError(
      `${file}: cannot be read (${reasonOf(error)}); name the controller's configuration with --config`,
      error,
    );
  }
  const document = parseDocument(text);
  const [broken] = document.errors;
  if (broken !== undefined) {
    const [reason] = broken.message.split("\n");
    throw usageError(`${file}:${broken.linePos?.[0].line ?? 1}: is not YAML: ${reason}`);
  }
  const read = shape.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (read.success) return absolute(read.data, dirname(resolve(file)));
  const [issue] = read.error.issues;
  throw usageError(`${file}: ${issue?.path.join(".") || "the file"}: ${issue?.message}`);
}

function absolute(config: ControllerConfig, folder: string): ControllerConfig {
  const at = (path: string) => resolve(folder, path);
  const { tls } = config;
  return {
    ...config,
    ...(tls !== undefined && {
      tls: { certificate: at(tls.certificate), key: at(tls.key), authority: at(tls.authority) },
    }),
    clusters: config.clusters.map(({ files, kubernetes: api, ...cluster }) => ({
      ...cluster,
      ...(files !== undefined && { files: at(files) }),
      ...(api !== undefined && {
        kubernetes:
          "kubeconfig" in api && api.kubeconfig !== undefined ? { ...api, kubeconfig: at(api.kubeconfig) } : api,
      }),
    })),
  };
}
