import { AccessError } from "./access-error.ts";
import { bearer, bearerOfFile } from "./bearer-token.ts";
import type { Endpoint, Loaded, Reload } from "./cached-access.ts";
import { checkClientCertificate } from "./client-certificate.ts";
import type { Clock } from "./clock.ts";
import { readCredentialFile } from "./credential-file.ts";
import {
  type Context,
  type Kubeconfig,
  type Material,
  mergeKubeconfigs,
  parseKubeconfig,
  selectContext,
} from "./kubeconfig.ts";
import { PluginCredential } from "./plugin-credential.ts";
import { Secret } from "./secret.ts";

export interface KubeconfigSource {
  /** Files that are merged, the first first. */
  readonly paths: readonly string[];
  /** Default: their current-context. */
  readonly context: string | undefined;
  readonly clock: Clock;
  readonly pluginTimeoutMs: number;
}

/** Who we are to the API server, and until when that holds without being asked again. */
interface Identity {
  readonly authorization?: Secret;
  readonly certificate?: string;
  readonly key?: Secret;
  readonly expires?: number;
}

/** Reads the kubeconfig, the files that it names, and asks the plugin that it names. */
export function readKubeconfigAccess({ paths, context: wanted, clock, pluginTimeoutMs }: KubeconfigSource): Reload {
  const plugin = new PluginCredential(clock, pluginTimeoutMs);
  const askedIdentity = async (context: Context, endpoint: Endpoint, refused: boolean): Promise<Identity> => {
    if (context.exec === undefined) return {};
    const { token, ...rest } = await plugin.get(context.exec, { ...endpoint, server: context.server.href }, refused);
    return { ...rest, ...(token === undefined ? {} : { authorization: bearer(token.reveal(), context.exec.command) }) };
  };
  return async (refused): Promise<Loaded> => {
    const config = await readKubeconfigs(paths);
    const context = selectContext(config, wanted);
    const where = `${config.path}: context "${context.name}"`;
    const endpoint = await endpointOf(context);
    const stated = await statedIdentity(context, where);
    const { authorization, certificate, key, expires } = {
      ...stated,
      ...(stated.authorization === undefined ? await askedIdentity(context, endpoint, refused) : {}),
    };
    const pair = certificate === undefined || key === undefined ? undefined : { certificate, key };
    return {
      files: [...paths, ...filesOf(context)],
      endpoint: { ...endpoint, ...pair },
      ...(authorization === undefined ? {} : { authorization }),
      ...(expires === undefined ? {} : { reloadAt: expires }),
      ...(pair === undefined ? {} : { validTo: checkClientCertificate(pair.certificate, pair.key, where), where }),
      impersonate: context.impersonate,
    };
  };
}

/** Throws `AccessError` if the file or its context cannot be used; plugins and other files are not asked. */
export async function checkKubeconfig(path: string, context: string | undefined): Promise<void> {
  selectContext(await readKubeconfigs([path]), context);
}

async function readKubeconfigs(paths: readonly string[]): Promise<Kubeconfig> {
  const found: Kubeconfig[] = [];
  let missing: AccessError | undefined;
  for (const path of paths) {
    try {
      found.push(parseKubeconfig(await readCredentialFile(path, "kubeconfig"), path));
    } catch (error) {
      // As with kubectl, a file of a longer list may be missing, but not all of them.
      if (!(error instanceof AccessError) || error.kind !== "missing") throw error;
      missing ??= error;
    }
  }
  const [first, ...rest] = found;
  if (first === undefined) throw missing ?? new AccessError("missing", "no kubeconfig is given: name one");
  return mergeKubeconfigs([first, ...rest]);
}

async function endpointOf(context: Context): Promise<Endpoint> {
  const ca = await pem(context.ca, "certificate authority");
  return {
    server: context.server,
    insecure: context.insecure,
    ...(ca === undefined ? {} : { ca: ca.reveal() }),
    ...(context.serverName === undefined ? {} : { serverName: context.serverName }),
  };
}

/** What the kubeconfig itself says, or a file that it names. */
async function statedIdentity(context: Context, where: string): Promise<Identity> {
  const certificate = await pem(context.certificate, "client certificate");
  const key = await pem(context.key, "client key");
  const authorization = await statedAuthorization(context, where);
  return {
    ...(certificate === undefined ? {} : { certificate: certificate.reveal() }),
    ...(key === undefined ? {} : { key }),
    ...(authorization === undefined ? {} : { authorization }),
  };
}

async function statedAuthorization(context: Context, where: string): Promise<Secret | undefined> {
  // A token file wins over a token: it is the one that rotates.
  if (context.tokenFile !== undefined) return bearerOfFile(context.tokenFile);
  if (context.token !== undefined) return bearer(context.token.reveal(), where);
  return context.basic === undefined ? undefined : new Secret(`Basic ${context.basic.reveal()}`);
}

function filesOf(context: Context): string[] {
  const materials = [context.ca, context.certificate, context.key].filter((one) => one !== undefined && "path" in one);
  return [...materials.map((one) => one.path), ...(context.tokenFile === undefined ? [] : [context.tokenFile])];
}

async function pem(material: Material | undefined, what: string): Promise<Secret | undefined> {
  if (material === undefined) return undefined;
  return "pem" in material ? material.pem : new Secret(await readCredentialFile(material.path, what));
}
