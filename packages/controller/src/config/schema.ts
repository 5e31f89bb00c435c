import { isIP } from "node:net";
import { z } from "zod";
import { overlap, parseRange } from "./ranges.ts";

const path = z.string().min(1).max(4096);
const port = z.number().int().min(1).max(65535);

/** A DNS label: these names stand in resource names, metrics and certificates. */
const name = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, "must be lower-case letters, digits and hyphens, as in `london` or `eu-1`");

const address = z.string().refine((text) => isIP(text) !== 0, {
  message: "must be an IPv4 or IPv6 address, as in `0.0.0.0` or `::` for all of the machine's",
});

const listen = z.strictObject({ address, port });

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
  .refine(({ http, https }) => http === undefined || http.port !== https?.port, {
    path: ["https", "port"],
    message: "is the port of `http` as well; Envoy refuses two listeners on one port",
  });

const range = z.string().refine((text) => parseRange(text) !== undefined, {
  message: "must be a range of addresses, as in `10.11.0.0/16` or `fd10:1::/48`",
});

const ranges = z.array(range).min(1).max(64);

const peer = z.strictObject({ name, servers: z.array(listen).min(1).max(16), podCidrs: ranges });

/** The mesh: the cluster that this controller belongs to, and the others. */
const mesh = z
  .strictObject({ cluster: name, podCidrs: ranges, peers: z.array(peer).max(100).superRefine(unique("peer")) })
  .superRefine(({ cluster: own, podCidrs, peers }, context) => {
    const claimed = podCidrs.map((text) => ({ text, by: `cluster ${own}` }));
    for (const [i, { name: other, podCidrs: theirs }] of peers.entries()) {
      for (const [j, text] of theirs.entries()) {
        const first = claimed.find((claim) => overlap(claim.text, text));
        if (first === undefined) continue;
        const message = `${text} has addresses of ${first.text}, which is of ${first.by}; clusters of a mesh need ranges of their own`;
        context.addIssue({ code: "custom", path: ["peers", i, "podCidrs", j], message });
      }
      claimed.push(...theirs.map((text) => ({ text, by: `peer ${other}` })));
    }
  });

/** The configuration file of a controller. `docs/configuration.md` explains each field. */
export const configSchema = z
  .strictObject({
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
    edges: z.array(edge).max(20).superRefine(unique("edge")).default([]),
    endpoints: z.strictObject({ allowLoopback: z.boolean().default(false) }).default({ allowLoopback: false }),
    log: z
      .strictObject({ level: z.enum(["debug", "info", "warn", "error"]).default("info") })
      .default({ level: "info" }),
    mesh: mesh.optional(),
  })
  .superRefine(({ clusters, edges, mesh: of }, context) => {
    if (of === undefined) {
      const message = "is missing or empty, and so is `mesh`: say what this controller is to serve";
      if (edges.length === 0) context.addIssue({ code: "custom", path: ["edges"], message });
      return;
    }
    const names = new Set(clusters.map((one) => one.name));
    if (!names.has(of.cluster)) {
      const message = `"${of.cluster}" is none of \`clusters\`; name the cluster that this controller belongs to`;
      context.addIssue({ code: "custom", path: ["mesh", "cluster"], message });
    }
    for (const [i, other] of of.peers.entries()) {
      if (!names.has(other.name)) continue;
      const message = `"${other.name}" is one of \`clusters\` as well; read it itself or through its controllers, not both`;
      context.addIssue({ code: "custom", path: ["mesh", "peers", i, "name"], message });
    }
  });

export type Config = z.infer<typeof configSchema>;
export type ClusterConfig = Config["clusters"][number];
export type EdgeConfig = Config["edges"][number];
export type ListenConfig = z.infer<typeof listen>;
export type MeshConfig = z.infer<typeof mesh>;

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
