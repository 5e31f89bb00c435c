/** Reads a topology file. */
import { readFileSync } from "node:fs";
import { ConfigError, parseConfig } from "@carrick/core/config";
import { topologySchema } from "./schema.ts";
import { completeTopology, type Topology } from "./topology.ts";

/** Two clusters of two nodes each: the lab when no file is given. */
export function defaultTopology(): Topology {
  return completeTopology(topologySchema.parse({})).topology;
}

/** Throws `ConfigError`. */
export function loadTopology(file: string): Topology {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`${file}: cannot be read (${why}); name a topology file, or none for the default one`);
  }
  return parseTopology(text, file);
}

/** `file` is only for messages. Throws `ConfigError`. */
export function parseTopology(text: string, file: string): Topology {
  const complaintsOf = (data: Parameters<typeof completeTopology>[0]) => completeTopology(data).complaints;
  return completeTopology(parseConfig(text, file, topologySchema, complaintsOf)).topology;
}
