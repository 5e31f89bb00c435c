import { AccessError } from "./access-error.ts";
import type { Context } from "./kubeconfig.ts";
import { Secret } from "./secret.ts";

/**
 * The `Authorization` header of a user with a deprecated `auth-provider` (oidc, gcp, azure).
 * Only these users pay for `@kubernetes/client-node`: importing it costs 0.5 s of CPU and 75 MB.
 */
export async function authProviderHeader(
  context: string,
  { name, config }: NonNullable<Context["authProvider"]>,
): Promise<Secret> {
  const failed = (reason: string, cause?: unknown): AccessError =>
    new AccessError(
      "plugin",
      `context "${context}": the auth-provider "${name}" gave no token${reason}: sign in again or use an exec plugin`,
      { cause },
    );
  const { KubeConfig } = await import("@kubernetes/client-node");
  const kubeconfig = new KubeConfig();
  const options: { headers?: Record<string, unknown> } = {};
  try {
    // The provider may write into its configuration; the token does not depend on the cluster.
    const user = { name: "user", authProvider: { name, config: structuredClone(config) } };
    kubeconfig.loadFromClusterAndUser({ name: "cluster", server: "https://localhost", skipTLSVerify: false }, user);
    await kubeconfig.applyToHTTPSOptions(options);
  } catch (error) {
    throw failed(` (${error instanceof Error ? error.message : String(error)})`, error);
  }
  const header = options.headers?.["Authorization"];
  if (typeof header !== "string") throw failed("");
  return new Secret(header);
}
