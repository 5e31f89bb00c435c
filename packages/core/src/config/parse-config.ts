import { LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { type Complaint, complaints } from "./complaint.ts";
import { ConfigError } from "./config-error.ts";

/** Larger files hold something else. */
const MAX_CHARACTERS = 1024 * 1024;

/**
 * Checks the text of a configuration file. `file` is only for messages; `more` may find what the schema cannot. Throws
 * `ConfigError` with a line for each complaint.
 */
export function parseConfig<Schema extends z.ZodType>(
  text: string,
  file: string,
  schema: Schema,
  more: (data: z.output<Schema>) => readonly Complaint[] = () => [],
): z.output<Schema> {
  if (text.length > MAX_CHARACTERS) {
    throw new ConfigError(`${file}: has ${text.length} characters; a configuration has ${MAX_CHARACTERS} at most`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const [broken] = document.errors;
  if (broken !== undefined) {
    const reason = broken.message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "");
    throw new ConfigError(
      `${file}:${broken.linePos?.[0].line ?? 1}: is not YAML: ${reason}; correct what stands there or just before`,
    );
  }
  const parsed = schema.safeParse(toData(document, file), { reportInput: true });
  const found = parsed.success ? more(parsed.data) : complaints(parsed.error.issues);
  if (parsed.success && found.length === 0) return parsed.data;
  const told = found.map(({ path, message }) => {
    const offset = offsetOf(document, path);
    const line = offset === undefined ? "" : `:${lines.linePos(offset).line}`;
    return `${file}${line}: ${dotted(path)}${path.length === 0 ? "" : ": "}${message}`;
  });
  throw new ConfigError(told.join("\n"));
}

/** Aliases of aliases are refused: a few lines could be a billion values. */
function toData(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (error) {
    throw new ConfigError(`${file}: cannot be expanded (${error instanceof Error ? error.message : String(error)})`);
  }
}

/** Where the value stands in the text, or the nearest thing around it. */
function offsetOf(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]): number | undefined {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true);
    if (typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range)) {
      return Number(node.range[0]);
    }
  }
  return undefined;
}

/** `clusters[1].name` */
function dotted(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}
