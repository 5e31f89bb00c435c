/** The configuration of an API server that is a process of its own. Secrets stand in files, not on a command line. */
import { readFileSync } from "node:fs";
import { isJsonObject } from "./kube-object.ts";
import type { JsonObject } from "./kube-object.ts";
import type { ApiServerOptions } from "./server.ts";

export interface ProcessConfig {
  readonly name: string;
  readonly address?: string;
  readonly port?: number;
  /** Paths of PEM files; see `TlsMaterial`. */
  readonly tls?: {
    readonly certFile: string;
    readonly keyFile: string;
    readonly caFile?: string;
    readonly clientCaFile?: string;
  };
  /** One bearer token in each line. */
  readonly tokenFile?: string;
  readonly dataFile?: string;
  readonly historyEvents?: number;
}

/** What is wrong with a configuration, in one sentence with path, reason and fix. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

const CALLED = { string: "a text", number: "a number", object: "an object" } as const;
const FIELDS: Readonly<Record<string, "string" | "number" | "object">> = {
  name: "string",
  address: "string",
  port: "number",
  tls: "object",
  tokenFile: "string",
  dataFile: "string",
  historyEvents: "number",
};
const TLS_FIELDS: Readonly<Record<string, "string">> = {
  certFile: "string",
  keyFile: "string",
  caFile: "string",
  clientCaFile: "string",
};

/** Reads a configuration, given as JSON or as the path of a file with it. Throws a `ConfigError`. */
export function readProcessConfig(given: string): ApiServerOptions {
  const inline = given.trimStart().startsWith("{");
  const where = inline ? "--config" : given;
  const config = checked(parsed(inline ? given : text(given, "--config"), where), where);
  const { tls, tokenFile, ...rest } = config;
  return {
    ...rest,
    ...(tls === undefined ? {} : { tls: material(tls, where) }),
    ...(tokenFile === undefined ? {} : { tokens: lines(text(tokenFile, `${where}: tokenFile`)) }),
  };
}

function checked(value: JsonObject, where: string): ProcessConfig {
  fields(value, FIELDS, where, "");
  if (value["name"] === undefined) throw new ConfigError(`${where}: name: is missing: name the cluster`);
  const { tls, port, historyEvents } = value;
  if (isJsonObject(tls)) {
    fields(tls, TLS_FIELDS, where, "tls.");
    for (const field of ["certFile", "keyFile"]) {
      if (tls[field] === undefined)
        throw new ConfigError(`${where}: tls.${field}: is missing: give the path of a PEM file`);
    }
  }
  whole(port, 0, 65_535, `${where}: port`);
  whole(historyEvents, 1, 10_000_000, `${where}: historyEvents`);
  return value as unknown as ProcessConfig;
}

function fields(
  value: JsonObject,
  known: Readonly<Record<string, "string" | "number" | "object">>,
  where: string,
  prefix: string,
): void {
  for (const [field, item] of Object.entries(value)) {
    const type = Object.hasOwn(known, field) ? known[field] : undefined;
    if (type === undefined) {
      throw new ConfigError(`${where}: ${prefix}${field}: is not known: use ${Object.keys(known).join(", ")}`);
    }
    const fits = type === "object" ? isJsonObject(item) : typeof item === type && item !== "";
    if (!fits) throw new ConfigError(`${where}: ${prefix}${field}: must be ${CALLED[type]}`);
  }
}

function whole(value: unknown, least: number, most: number, where: string): void {
  if (value === undefined || (Number.isInteger(value) && Number(value) >= least && Number(value) <= most)) return;
  throw new ConfigError(`${where}: must be a whole number from ${least} to ${most}`);
}

function material(tls: NonNullable<ProcessConfig["tls"]>, where: string): NonNullable<ApiServerOptions["tls"]> {
  const { certFile, keyFile, caFile, clientCaFile } = tls;
  return {
    certPem: text(certFile, `${where}: tls.certFile`),
    keyPem: text(keyFile, `${where}: tls.keyFile`),
    ...(caFile === undefined ? {} : { caPem: text(caFile, `${where}: tls.caFile`) }),
    ...(clientCaFile === undefined ? {} : { clientCaPem: text(clientCaFile, `${where}: tls.clientCaFile`) }),
  };
}

function parsed(json: string, where: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new ConfigError(`${where}: is no JSON: ${(error as Error).message}`, { cause: error });
  }
  if (!isJsonObject(value)) throw new ConfigError(`${where}: is no JSON object: write {"name": "london"}`);
  return value;
}

function text(path: string, where: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError(`${where}: ${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function lines(content: string): string[] {
  return content
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
