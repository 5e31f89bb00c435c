import { z } from "zod";

const path = z.string().min(1).max(4096);
const port = z.number().int().min(1).max(65535);

/** A DNS label: these names stand in resource names, metrics and certificates. */
const name = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, "must be lower-case letters, digits and hyphens, as in `london` or `eu-1`");

const listen = z.strictObject({ address: z.union([z.ipv4(), z.ipv6()]), port });

const kubernetes = z.union([
  z.strictObject({ kubeconfig: path.optional(), context: z.string().min(1).optional() }),
  z.strictObject({ inCluster: z.literal(true), server: z.url().optional() }),
]);

const cluster = z
  .strictObject({
    name,
    kubernetes: kubernetes.optional(),
    files: path.optional(),
    /** No Envoy can hold anything of it yet: until it is seen for the first time it counts as empty. */
    new: z.boolean().default(false),
  })
  .refine(({ kubernetes: api, files }) => (api === undefined) !== (files === undefined), {
    message: "must have one of `kubernetes` and `files`: where the cluster's objects come from",
  });

const edge = z
  .strictObject({
    name,
    classes: z.array(z.string().min(1).max(253)).min(1).max(20),
    controllerName: z.string().min(1).default("carrick.dev/edge"),
    http: listen.optional(),
    https: listen.optional(),
    redirect: z.boolean().default(true),
    drainSeconds: z.number().int().min(0).max(3600).default(60),
  })
  .refine(({ http, https }) => http !== undefined || https !== undefined, {
    message: "must have `http`, `https` or both: the addresses on which its Envoys listen",
  })
  .refine(({ http, https }) => http?.port !== https?.port, {
    path: ["https", "port"],
    message: "is the port of `http` as well; Envoy refuses two listeners on one port",
  });

/** The configuration file of a controller. `docs/configuration.md` explains each field. */
export const configSchema = z.strictObject({
  /** How this replica is called in reports; the host's name if not given. */
  replica: z.string().min(1).max(253).optional(),
  /** Trust domain of the certificates: `spiffe://<domain>/…`. */
  domain: z
    .string()
    .regex(/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/, "must be a DNS name")
    .max(253)
    .default("carrick.local"),
  listen: z
    .strictObject({ xds: listen, api: listen.optional(), metrics: listen.optional() })
    .superRefine((listens, context) => {
      const seen = new Map<string, string>();
      for (const [field, given] of Object.entries(listens)) {
        if (given === undefined) continue;
        const place = `${given.address} port ${given.port}`;
        const first = seen.get(place);
        const message = `${place} is where \`listen.${first}\` listens; choose another port`;
        if (first !== undefined) context.addIssue({ code: "custom", path: [field], message });
        seen.set(place, first ?? field);
      }
    }),
  tls: z.strictObject({ certificate: path, key: path, authority: path }),
  cache: path.optional(),
  clusters: z.array(cluster).min(1).max(100).superRefine(unique("cluster")),
  edges: z.array(edge).min(1).max(20).superRefine(unique("edge")),
  endpoints: z.strictObject({ allowLoopback: z.boolean().default(false) }).default({ allowLoopback: false }),
  log: z.strictObject({ level: z.enum(["debug", "info", "warn", "error"]).default("info") }).default({ level: "info" }),
});

export type Config = z.infer<typeof configSchema>;
export type ClusterConfig = Config["clusters"][number];
export type EdgeConfig = Config["edges"][number];
export type ListenConfig = z.infer<typeof listen>;

function unique(what: string) {
  return (items: readonly { readonly name: string }[], context: z.RefinementCtx): void => {
    for (const [i, item] of items.entries()) {
      const first = items.findIndex((other) => other.name === item.name);
      if (first === i) continue;
      const message = `"${item.name}" is the name of another ${what} already; give each its own`;
      context.addIssue({ code: "custom", path: [i, "name"], message });
    }
  };
}
