import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { AccessError } from "./access-error.ts";
import { authProviderHeader } from "./auth-provider.ts";
import { checkClientCertificate } from "./client-certificate.ts";
import { type Clock, systemClock } from "./clock.ts";
import { readCredentialFile } from "./credential-file.ts";
import { type Access, CachedAccess, type Loaded, type Reload } from "./cached-access.ts";
import { type ExecCredential, runExecPlugin } from "./exec-plugin.ts";
import { type Context, type Kubeconfig, type Material, mergeKubeconfigs, parseKubeconfig, selectContext } from "./kubeconfig.ts";
import { Secret } from "./secret.ts";

/** Where credentials come from. */
export type AccessOptions = (
  | {
      /** Path of a kubeconfig; default: the files of `KUBECONFIG`, else `~/.kube/config`. */
      readonly kubeconfig?: string;
      /** Default: its current-context. */
      readonly context?: string;
    }
  | {
      /** The service account of the pod that this process runs in. */
      readonly inCluster: true;
      /** Address of the API server; default: `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT`. */
      readonly server?: string;
      /** Folder with `token` and `ca.crt`; default: `/var/run/secrets/kubernetes.io/serviceaccount`. */
      readonly folder?: string;
    }
) & {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  /** How long an exec plugin may run; default 60 s. */
  readonly pluginTimeoutMs?: number;
};

/** Access whose files are read at the first use, so that a cluster with broken credentials can heal. Never throws. */
export function openAccess(options: AccessOptions): Access {
  const clock = options.clock ?? systemClock;
  const env = options.env ?? process.env;
  if ("inCluster" in options) {
    const folder = options.folder ?? "/var/run/secrets/kubernetes.io/serviceaccount";
    return new CachedAccess("in-cluster", inCluster(folder, options.server, env), clock);
  }
  const { context } = options;
  const paths = options.kubeconfig === undefined ? defaultKubeconfigs(env) : [options.kubeconfig];
  const name = `${paths.join(delimiter)}${context === undefined ? "" : ` (${context})`}`;
  const reload = kubeconfigAccess(paths, context, clock, options.pluginTimeoutMs ?? 60_000);
  return new CachedAccess(name, reload, clock);
}

/** Access that can be used now: throws an `AccessError` if the credentials cannot be read or have expired. */
export async function loadAccess(options: AccessOptions): Promise<Access> {
  const access = openAccess(options);
  await access.current();
  return access;
}

function defaultKubeconfigs(env: Readonly<Record<string, string | undefined>>): string[] {
  const listed = (env["KUBECONFIG"] ?? "").split(delimiter).filter((path) => path !== "");
  return listed.length > 0 ? listed : [join(env["HOME"] ?? homedir(), ".kube", "config")];
}

function inCluster(folder: string, address: string | undefined, env: Readonly<Record<string, string | undefined>>): Reload {
  const tokenFile = join(folder, "token");
  const caFile = join(folder, "ca.crt");
  return async () => {
    const host = env["KUBERNETES_SERVICE_HOST"];
    const port = env["KUBERNETES_SERVICE_PORT"] ?? "443";
    if (address === undefined && host === undefined) {
      throw new AccessError(
        "missing",
        "in-cluster: KUBERNETES_SERVICE_HOST is not set: run in a pod, or give the API server's address or a kubeconfig",
      );
    }
    const server = URL.parse(address ?? `https://${host?.includes(":") ? `[${host}]` : host}:${port}`);
    if (server === null) {
      throw new AccessError("malformed", `in-cluster: "${address ?? `${host}:${port}`}" is no address of an API server: correct it`);
    }
    const ca = await readCredentialFile(caFile, "API server's certificate authority");
    return {
      files: [tokenFile, caFile],
      endpoint: { server, ca, insecure: false },
      authorization: bearer(await token(tokenFile)),
      impersonate: {},
    };
  };
}

function kubeconfigAccess(paths: readonly string[], wanted: string | undefined, clock: Clock, timeoutMs: number): Reload {
  let plugin: { credential: ExecCredential; at: number; key: string } | undefined;
  return async (refused): Promise<Loaded> => {
    const texts = await readKubeconfigs(paths);
    const [first, ...rest] = texts.map(({ path, content }) => parseKubeconfig(content, path));
    const config: Kubeconfig = mergeKubeconfigs([first!, ...rest]);
    const context = selectContext(config, wanted);
    const where = `${config.path}: context "${context.name}"`;
    const ca = await pem(context.ca, "certificate authority");
    const endpoint = {
      server: context.server,
      insecure: context.insecure,
      ...(ca === undefined ? {} : { ca: ca.reveal() }),
      ...(context.serverName === undefined ? {} : { serverName: context.serverName }),
    };
    const files = [...paths, ...materialPaths(context)];
    let identity = await identityOf(context, where);
    let expires: number | undefined;
    if (context.exec !== undefined && identity.authorization === undefined) {
      const key = JSON.stringify([context.exec, endpoint]);
      const fresh = plugin !== undefined && plugin.key === key && clock.now() < (plugin.credential.expires ?? Infinity);
      // A server that refuses everything must not start the plugin at every request.
      const again = refused && plugin !== undefined && clock.now() - plugin.at >= 5_000;
      if (!fresh || again) {
        const cluster = { ...endpoint, server: context.server.href };
        plugin = { credential: await runExecPlugin(context.exec, cluster, timeoutMs), at: clock.now(), key };
      }
      const { credential } = plugin!;
      expires = credential.expires;
      identity = {
        ...identity,
        ...(credential.token === undefined ? {} : { authorization: bearer(credential.token) }),
        ...(credential.certificate === undefined || credential.key === undefined
          ? {}
          : { certificate: credential.certificate, key: credential.key }),
      };
    }
    if (context.authProvider !== undefined && identity.authorization === undefined) {
      identity.authorization = await authProviderHeader(texts[0]!.content, context.name, context.authProvider);
      expires = clock.now() + 30_000;
    }
    const { authorization, certificate, key } = identity;
    const validTo = certificate === undefined || key === undefined ? undefined : checkClientCertificate(certificate, key, where);
    return {
      files,
      endpoint: { ...endpoint, ...(certificate === undefined || key === undefined ? {} : { certificate, key }) },
      ...(authorization === undefined ? {} : { authorization }),
      ...(validTo === undefined ? {} : { validTo, where }),
      ...(expires === undefined ? {} : { reloadAt: expires }),
      impersonate: context.impersonate,
    };
  };
}

interface Identity {
  authorization?: Secret;
  certificate?: string;
  key?: Secret;
}

async function identityOf(context: Context, where: string): Promise<Identity> {
  const identity: Identity = {};
  const certificate = await pem(context.certificate, "client certificate");
  const key = await pem(context.key, "client key");
  if (certificate !== undefined) identity.certificate = certificate.reveal();
  if (key !== undefined) identity.key = key;
  // A token file wins over a token: it is the one that rotates.
  if (context.tokenFile !== undefined) identity.authorization = bearer(await token(context.tokenFile));
  else if (context.token !== undefined) identity.authorization = bearer(clean(context.token.reveal(), where));
  else if (context.basic !== undefined) identity.authorization = new Secret(`Basic ${context.basic.reveal()}`);
  return identity;
}

async function readKubeconfigs(paths: readonly string[]): Promise<{ path: string; content: string }[]> {
  const texts: { path: string; content: string }[] = [];
  let missing: AccessError | undefined;
  for (const path of paths) {
    try {
      texts.push({ path, content: await readCredentialFile(path, "kubeconfig") });
    } catch (error) {
      // As with kubectl, a file of a longer list may be missing, but not all of them.
      if (!(error instanceof AccessError) || error.kind !== "missing") throw error;
      missing ??= error;
    }
  }
  if (texts.length === 0 && missing !== undefined) throw missing;
  return texts;
}

function materialPaths(context: Context): string[] {
  const materials = [context.ca, context.certificate, context.key].filter((one) => one !== undefined && "path" in one);
  return [...materials.map((one) => one.path), ...(context.tokenFile === undefined ? [] : [context.tokenFile])];
}

async function pem(material: Material | undefined, what: string): Promise<Secret | undefined> {
  if (material === undefined) return undefined;
  return "pem" in material ? material.pem : new Secret(await readCredentialFile(material.path, what));
}

async function token(path: string): Promise<Secret> {
  return clean(await readCredentialFile(path, "bearer token"), path);
}

function clean(raw: string, where: string): Secret {
  const trimmed = raw.trim();
  if (trimmed === "") throw new AccessError("malformed", `${where}: the bearer token is empty: write the token there`);
  if (!/^[\x21-\x7e]+$/.test(trimmed)) {
    throw new AccessError("malformed", `${where}: the bearer token has characters that no token has: write it again`);
  }
  return new Secret(trimmed);
}

function bearer(value: Secret): Secret {
  return new Secret(`Bearer ${value.reveal()}`);
}
