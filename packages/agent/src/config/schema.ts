import { isIP } from "node:net";
import { z } from "zod";

const path = z.string().min(1).max(4096);
const port = z.number().int().min(1).max(65_535);
const address = z.string().refine((text) => isIP(text) !== 0, { message: "must be an IPv4 or IPv6 address" });
const listen = z.strictObject({ address, port });

/** A DNS label: clusters' names stand in resource names and certificates. */
const cluster = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, "must be lower-case letters, digits and hyphens, as in `london` or `eu-1`");

const entries = (most: number, usual: number) => z.number().int().min(16).max(most).default(usual);

/** The configuration file of an agent. `docs/agent.md` explains each field. */
export const configSchema = z.strictObject({
  cluster,
  /** The node's name in its cluster. */
  node: z
    .string()
    .max(253)
    .regex(/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/, "must be the name of a Node"),
  domain: z.string().min(1).max(253).default("carrick.local"),
  controllers: z.array(listen).min(1).max(16),
  tls: z.strictObject({ certificate: path, key: path, authority: path }),
  metrics: listen.optional(),
  /** Sockets, addresses that were given, numbers of clusters: all that has to live as long as the machine runs. */
  runDir: path.default("/run/carrick"),
  bpf: z
    .strictObject({
      /** Where programs and maps are pinned. */
      folder: path.default("/sys/fs/bpf/carrick"),
      /** The tree of cgroups whose sockets reach Services; the root of cgroup2 when not given. */
      cgroup: path.optional(),
      /** Compiled programs; those beside the agent when not given. */
      objects: path.optional(),
      /** Addresses with a port, and addresses. */
      frontends: entries(1 << 20, 131_072),
      /** Ports of Services, each of IPv4 and of IPv6. */
      services: entries(1 << 20, 65_536),
      /** Endpoints of Services that keep clients: with session affinity, or of UDP. */
      backends: entries(1 << 22, 131_072),
    })
    .prefault({}),
  cni: z
    .strictObject({
      /** The node's own: one of IPv4, one of IPv6, or both. */
      podCidrs: z.array(z.string().min(1)).min(1).max(2),
      /** Where pods are known by their own addresses: ranges of all clusters' pods and nodes. Elsewhere they get the node's. */
      meshCidrs: z.array(z.string().min(1)).max(1000).default([]),
      mtu: z.number().int().min(576).max(65_535).default(1500),
      /** Addresses of the node; pods see them as the source when the node itself talks to them. */
      nodeAddresses: z.array(address).max(2).default([]),
    })
    .optional(),
  log: z.strictObject({ level: z.enum(["debug", "info", "warn", "error"]).default("info") }).prefault({}),
});

export type Config = z.infer<typeof configSchema>;
