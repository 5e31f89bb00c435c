/** Reads a topology file. */
import { readFileSync } from "node:fs";
import { LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { topologySchema } from "./schema.ts";
import { type Complaint, completeTopology, type Topology } from "./topology.ts";

/** The topology cannot be built. Each line of the message says where, why and what mends it. */
export class TopologyError extends Error {
  override readonly name = "TopologyError";
}

/** Larger ones hold something else. */
const MAX_BYTES = 1024 * 1024;

/** Two clusters of two nodes each: the lab when no file is given. */
export function defaultTopology(): Topology {
  return completeTopology(topologySchema.parse({})).topology;
}

/** Throws `TopologyError`. */
export function loadTopology(file: string): Topology {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TopologyError(`${file}: cannot be read (${why}); name a topology file, or none for the default one`);
  }
  return parseTopology(text, file);
}

/** `file` is only for messages. Throws `TopologyError`. */
export function parseTopology(text: string, file: string): Topology {
  if (text.length > MAX_BYTES) throw new TopologyError(`${file}: has ${text.length} characters; a topology has less`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const [broken] = document.errors;
  if (broken !== undefined) {
    const reason = broken.message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "");
    throw new TopologyError(`${file}:${broken.linePos?.[0].line ?? 1}: is not YAML: ${reason}`);
  }
  const fail = (complaints: readonly Complaint[]): never => {
    const told = complaints.map(({ path, message }) => {
      const offset = offsetOf(document, path);
      const line = offset === undefined ? "" : `:${lines.linePos(offset).line}`;
      return `${file}${line}: ${dotted(path)}${path.length === 0 ? "" : ": "}${message}`;
    });
    throw new TopologyError(told.join("\n"));
  };
  const parsed = topologySchema.safeParse(toData(document, file), { reportInput: true });
  if (!parsed.success) return fail(parsed.error.issues.flatMap(complain));
  const { topology, complaints } = completeTopology(parsed.data);
  return complaints.length > 0 ? fail(complaints) : topology;
}

/** Aliases of aliases are refused: a few lines could be a billion values. */
function toData(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 10 }) ?? {};
  } catch (error) {
    throw new TopologyError(`${file}: cannot be expanded (${error instanceof Error ? error.message : String(error)})`);
  }
}

/** An unknown key is said on the key itself. */
function complain(issue: z.core.$ZodIssue): Complaint[] {
  const path = issue.path.filter((part) => typeof part !== "symbol");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: "is no setting of a topology; check its spelling",
    }));
  }
  const missing = issue.code === "invalid_type" && issue.input === undefined;
  const message = missing ? "is missing" : issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  return [{ path, message }];
}

/** Where the value stands in the text, or the nearest thing around it. */
function offsetOf(document: ReturnType<typeof parseDocument>, path: readonly (string | number)[]): number | undefined {
  for (let depth = path.length; depth > 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true);
    if (typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range)) {
      return Number(node.range[0]);
    }
  }
  return undefined;
}

/** `clusters[1].name` */
function dotted(path: readonly (string | number)[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}
