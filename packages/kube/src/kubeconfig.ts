import { dirname, resolve } from "node:path";
import { parse, YAMLParseError } from "yaml";
import { AccessError } from "./access-error.ts";
import { Secret } from "./secret.ts";
import { type Fields, fields, list, text } from "./shape.ts";

/** PEM text, either inside the kubeconfig or in a file of its own. */
export type Material = { readonly path: string } | { readonly pem: Secret };

/** How an exec plugin is called (`client.authentication.k8s.io`). */
export interface ExecSpec {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly apiVersion: string;
  readonly provideClusterInfo: boolean;
  readonly installHint?: string;
}

/** What one context of a kubeconfig says: where the API server is and who we are to it. */
export interface Context {
  readonly name: string;
  readonly server: URL;
  readonly ca?: Material;
  readonly insecure: boolean;
  readonly serverName?: string;
  readonly certificate?: Material;
  readonly key?: Material;
  readonly token?: Secret;
  readonly tokenFile?: string;
  readonly basic?: Secret;
  readonly exec?: ExecSpec;
  /** Impersonation headers. */
  readonly impersonate: Readonly<Record<string, string[]>>;
}

interface Entry {
  readonly path: string;
  readonly body: Fields;
}

/** One parsed kubeconfig file. */
export interface Kubeconfig {
  readonly path: string;
  readonly currentContext?: string;
  readonly contexts: ReadonlyMap<string, Entry>;
  readonly clusters: ReadonlyMap<string, Entry>;
  readonly users: ReadonlyMap<string, Entry>;
}

/** Parses the text of the kubeconfig at `path`. */
export function parseKubeconfig(content: string, path: string): Kubeconfig {
  let document: unknown;
  try {
    // Aliases expand: a small file must not become a huge one.
    document = parse(content, { maxAliasCount: 100 });
  } catch (error) {
    const where = error instanceof YAMLParseError && error.linePos ? `:${error.linePos[0].line}` : "";
    // The parser's own message quotes the line, which may hold a token.
    const reason = error instanceof YAMLParseError ? error.code : "it cannot be expanded";
    throw new AccessError("malformed", `${path}${where}: the kubeconfig is not YAML (${reason}): correct that line`);
  }
  const root = fields(document);
  if (root === undefined) {
    throw new AccessError(
      "malformed",
      `${path}: the kubeconfig has no fields: it must have clusters, contexts and users`,
    );
  }
  const currentContext = text(root["current-context"]);
  return {
    path,
    ...(currentContext === undefined ? {} : { currentContext }),
    contexts: entries(root, "contexts", "context", path),
    clusters: entries(root, "clusters", "cluster", path),
    users: entries(root, "users", "user", path),
  };
}

function entries(root: Fields, plural: string, singular: string, path: string): Map<string, Entry> {
  const found = new Map<string, Entry>();
  for (const item of list(root[plural])) {
    const name = text(fields(item)?.["name"]);
    if (name === undefined || found.has(name)) continue;
    found.set(name, { path, body: fields(fields(item)?.[singular]) ?? {} });
  }
  return found;
}

/** Several files as one, as `KUBECONFIG=a:b` asks: the first that says something wins. */
export function mergeKubeconfigs(files: readonly [Kubeconfig, ...Kubeconfig[]]): Kubeconfig {
  const merge = (pick: (file: Kubeconfig) => ReadonlyMap<string, Entry>): Map<string, Entry> =>
    new Map([...files].reverse().flatMap((file) => [...pick(file)]));
  const currentContext = files.find((file) => file.currentContext !== undefined)?.currentContext;
  return {
    path: files.map((file) => file.path).join(":"),
    ...(currentContext === undefined ? {} : { currentContext }),
    contexts: merge((file) => file.contexts),
    clusters: merge((file) => file.clusters),
    users: merge((file) => file.users),
  };
}

/** Resolves a context (the current one if none is named) to the cluster and user that it names. */
export function selectContext(config: Kubeconfig, wanted: string | undefined): Context {
  const { path } = config;
  const name = wanted ?? config.currentContext;
  const known = [...config.contexts.keys()].sort().slice(0, 20).join(", ") || "none";
  if (name === undefined) {
    throw new AccessError("unknown-context", `${path}: no current-context is set: name one of its contexts (${known})`);
  }
  const context = config.contexts.get(name);
  if (context === undefined) {
    throw new AccessError(
      "unknown-context",
      `${path}: there is no context "${name}": use one that is there (${known})`,
    );
  }
  const clusterName = text(context.body["cluster"]) ?? "";
  const cluster = config.clusters.get(clusterName);
  if (cluster === undefined) {
    throw new AccessError(
      "malformed",
      `${path}: context "${name}" names the cluster "${clusterName}", which is not there: add it`,
    );
  }
  const userName = text(context.body["user"]);
  const user = userName === undefined ? undefined : config.users.get(userName);
  if (userName !== undefined && user === undefined) {
    throw new AccessError(
      "malformed",
      `${path}: context "${name}" names the user "${userName}", which is not there: add it`,
    );
  }
  return { name, ...clusterPart(cluster, clusterName), ...userPart(user, userName ?? "") };
}

function clusterPart({ path, body }: Entry, name: string) {
  const at = `${path}: cluster "${name}"`;
  const server = URL.parse(text(body["server"]) ?? "");
  if (server === null || (server.protocol !== "https:" && server.protocol !== "http:")) {
    throw new AccessError("malformed", `${at}: server is not an http or https URL: set it to the API server's address`);
  }
  if (text(body["proxy-url"]) !== undefined) {
    throw new AccessError("unsupported", `${at}: proxy-url is not supported: give an address that is reached directly`);
  }
  const ca = material(path, body, "certificate-authority", at);
  const serverName = text(body["tls-server-name"]);
  return {
    server,
    insecure: body["insecure-skip-tls-verify"] === true,
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { serverName }),
  };
}

function userPart(entry: Entry | undefined, name: string) {
  if (entry === undefined) return { impersonate: {} };
  const { path, body } = entry;
  const at = `${path}: user "${name}"`;
  const certificate = material(path, body, "client-certificate", at);
  const key = material(path, body, "client-key", at);
  if ((certificate === undefined) !== (key === undefined)) {
    throw new AccessError("malformed", `${at}: it has only one of client-certificate and client-key: give both`);
  }
  const token = text(body["token"]);
  const tokenFile = text(body["tokenFile"]);
  const username = text(body["username"]);
  const exec = fields(body["exec"]);
  if (body["auth-provider"] !== undefined) {
    const name = text(fields(body["auth-provider"])?.["name"]) ?? "unnamed";
    throw new AccessError("unsupported", `${at}: auth-provider ${name} is gone from Kubernetes: use its exec plugin`);
  }
  return {
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
    ...(token === undefined ? {} : { token: new Secret(token) }),
    ...(tokenFile === undefined ? {} : { tokenFile: resolve(dirname(path), tokenFile) }),
    ...(username === undefined ? {} : { basic: basic(username, text(body["password"]) ?? "") }),
    ...(exec === undefined ? {} : { exec: execSpec(exec, path, at) }),
    impersonate: impersonation(body),
  };
}

function basic(username: string, password: string): Secret {
  return new Secret(Buffer.from(`${username}:${password}`).toString("base64"));
}

function material(path: string, body: Fields, field: string, at: string): Material | undefined {
  const data = text(body[`${field}-data`]);
  if (data !== undefined) {
    const pem = Buffer.from(data, "base64").toString("utf8");
    if (!pem.includes("-----BEGIN ")) {
      throw new AccessError("malformed", `${at}: ${field}-data is not PEM in base64: write it again`);
    }
    return { pem: new Secret(pem) };
  }
  const file = text(body[field]);
  return file === undefined ? undefined : { path: resolve(dirname(path), file) };
}

function execSpec(exec: Fields, path: string, at: string): ExecSpec {
  const command = text(exec["command"]);
  if (command === undefined) {
    throw new AccessError("malformed", `${at}: exec has no command: name the plugin's program`);
  }
  const apiVersion = text(exec["apiVersion"]) ?? "client.authentication.k8s.io/v1";
  if (!/^client\.authentication\.k8s\.io\/v1(beta1)?$/.test(apiVersion)) {
    throw new AccessError(
      "unsupported",
      `${at}: exec speaks ${apiVersion}: use a plugin of client.authentication.k8s.io/v1`,
    );
  }
  if (exec["interactiveMode"] === "Always") {
    throw new AccessError(
      "unsupported",
      `${at}: exec needs a terminal (interactiveMode Always): use a plugin that needs none`,
    );
  }
  const env: Record<string, string> = {};
  for (const item of list(exec["env"])) {
    const name = text(fields(item)?.["name"]);
    const value = fields(item)?.["value"];
    if (name !== undefined && typeof value === "string") env[name] = value;
  }
  const installHint = text(exec["installHint"]);
  return {
    command: command.includes("/") ? resolve(dirname(path), command) : command,
    args: list(exec["args"]).filter((arg) => typeof arg === "string"),
    env,
    apiVersion,
    provideClusterInfo: exec["provideClusterInfo"] === true,
    ...(installHint === undefined ? {} : { installHint }),
  };
}

function impersonation(body: Fields): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  const add = (header: string, values: readonly unknown[]): void => {
    const given = values.filter((value) => typeof value === "string" && value !== "").map(String);
    if (given.length > 0) headers[header] = given;
  };
  add("impersonate-user", [body["as"]]);
  add("impersonate-uid", [body["as-uid"]]);
  add("impersonate-group", list(body["as-groups"]));
  for (const [name, values] of Object.entries(fields(body["as-user-extra"]) ?? {})) {
    add(`impersonate-extra-${encodeURIComponent(name.toLowerCase())}`, list(values));
  }
  return headers;
}
