import { isIP } from "node:net";
import { z } from "zod";
import { addressRange, familyOf } from "../ipam/index.ts";
import { parsePrefix } from "../net/ip.ts";

const path = z.string().min(1).max(4096);
const port = z.number().int().min(1).max(65_535);
const address = z.string().refine((text) => isIP(text) !== 0, { message: "must be an IPv4 or IPv6 address" });
const listen = z.strictObject({ address, port });
const podCidr = z.string().superRefine(readBy(addressRange));
const meshCidr = z.string().superRefine(readBy(parsePrefix));

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
  domain: z
    .string()
    .max(253)
    .regex(/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/, "must be a DNS name")
    .default("carrick.local"),
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
      podCidrs: z
        .array(podCidr)
        .min(1)
        .max(2)
        .superRefine(oneOfEach("CIDR", (cidr) => cidr.slice(0, cidr.lastIndexOf("/")))),
      /** Where pods are known by their own addresses: ranges of all clusters' pods and nodes. Elsewhere they get the node's. */
      meshCidrs: z.array(meshCidr).max(1000).default([]),
      mtu: z.number().int().min(1280).max(65_535).default(1500),
      /** Addresses of the node; pods see them as the source when the node itself talks to them. */
      nodeAddresses: z
        .array(address)
        .max(2)
        .superRefine(oneOfEach("address", (text) => text))
        .default([]),
    })
    .optional(),
  log: z.strictObject({ level: z.enum(["debug", "info", "warn", "error"]).default("info") }).prefault({}),
});

export type Config = z.infer<typeof configSchema>;

/** What the function throws is the complaint. */
function readBy(read: (text: string) => unknown) {
  return (text: string, context: z.RefinementCtx): void => {
    try {
      read(text);
    } catch (error) {
      context.addIssue({ code: "custom", message: error instanceof Error ? error.message : String(error) });
    }
  };
}

/** Not two of IPv4 or two of IPv6. */
function oneOfEach(what: string, addressIn: (text: string) => string) {
  return (texts: readonly string[], context: z.RefinementCtx): void => {
    for (const [i, text] of texts.entries()) {
      const family = familyOf(addressIn(text));
      const first = texts.findIndex((other) => familyOf(addressIn(other)) === family);
      if (family === undefined || first === i) continue;
      const message = `"${text}" is of IPv${family}, as "${texts[first]}" is; give one ${what} of each family`;
      context.addIssue({ code: "custom", path: [i], message });
    }
  };
}
