import { AccessError } from "./access-error.ts";
import { Secret } from "./secret.ts";

/**
 * The `Authorization` header of a user with a deprecated `auth-provider` (oidc, gcp, azure).
 * Only these users pay for `@kubernetes/client-node`: importing it costs 0.5 s of CPU and 75 MB.
 */
export async function authProviderHeader(kubeconfig: string, context: string, provider: string): Promise<Secret> {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  const options: { headers?: Record<string, unknown> } = {};
  try {
    config.loadFromString(kubeconfig);
    config.setCurrentContext(context);
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw new AccessError(
      "plugin",
      `context "${context}": the auth-provider "${provider}" gave no token (${error instanceof Error ? error.message : String(error)}): sign in again or use an exec plugin`,
      { cause: error },
    );
  }
  const header = options.headers?.["Authorization"];
  if (typeof header !== "string") {
    throw new AccessError("plugin", `context "${context}": the auth-provider "${provider}" gave no token: use an exec plugin`);
  }
  return new Secret(header);
}
