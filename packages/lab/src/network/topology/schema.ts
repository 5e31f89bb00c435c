/** The topology file: which clusters there are, and which addresses they have. What is left out has a default. */
import { AddressError } from "@carrick/agent/net";
import { z } from "zod";
import { parseRange, sizeOf } from "./range.ts";

/** More do not fit into the default ranges. */
export const MAX_CLUSTERS = 32;
export const MAX_NODES = 100;
/** In all clusters together: more do not fit on one machine. */
export const MAX_ALL_NODES = 400;

/** Hosts of a cluster's network: the control plane has 1, node m has 10 + m, the router has 254. */
export const CONTROL_PLANE_HOST = 1;
export const FIRST_NODE_HOST = 11;
export const ROUTER_HOST = 254;

const name = z
  .string()
  .max(30)
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "must be lower-case letters, digits and hyphens, as in `london` or `eu-1`")
  .refine((value) => value !== "edge" && value !== "client", "is the name of a place that every lab has");

/** A range of one family, that is given by its first address and has at least as many as are needed. */
function range(bits: 32 | 128, longest: number, what: string): z.ZodString {
  return z.string().superRefine((text, context) => {
    const complain = (message: string): void => context.addIssue({ code: "custom", message });
    try {
      const parsed = parseRange(text);
      if (!text.includes("/")) complain(`must have a length, as in \`${text}/${longest}\``);
      else if (parsed.bits !== bits) complain(`must be IPv${bits === 32 ? 4 : 6}`);
      else if (parsed.length > longest)
        complain(`has ${sizeOf(parsed)} addresses; ${what} need /${longest} or shorter`);
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      complain(error.message);
    }
  });
}

const network = z.strictObject({ ipv4: range(32, 24, "hosts").optional(), ipv6: range(128, 112, "hosts").optional() });

const cluster = z.strictObject({
  name,
  /** Chooses the default ranges; the position in the list when not given. */
  index: z.number().int().min(1).max(MAX_CLUSTERS).optional(),
  nodes: z.number().int().min(1).max(MAX_NODES).default(2),
  network: network.prefault({}),
  pods: z
    .strictObject({
      ipv4: range(32, 17, "pods of up to 100 nodes").optional(),
      ipv6: range(128, 39, "pods of up to 100 nodes, with a /48 each,").optional(),
    })
    .prefault({}),
  services: z
    .strictObject({ ipv4: range(32, 28, "services").optional(), ipv6: range(128, 124, "services").optional() })
    .prefault({}),
});

export const topologySchema = z.strictObject({
  clusters: z
    .array(cluster)
    .min(1)
    .max(MAX_CLUSTERS)
    .default(() => [cluster.parse({ name: "london" }), cluster.parse({ name: "paris" })]),
  /** Where the edge (host 1) and the client (host 2) are. */
  edge: network.prefault({}),
  /** Clusters whose pods or services have the same addresses: for tests of what refuses them. */
  allowOverlap: z.boolean().default(false),
});

export type TopologyFile = z.infer<typeof topologySchema>;
