import { AccessError } from "./access-error.ts";
import { readCredentialFile } from "./credential-file.ts";
import { Secret } from "./secret.ts";

/** The `Authorization` header for a token as it stands in a file or a kubeconfig: editors leave a newline behind it. */
export function bearer(raw: string, where: string): Secret {
  const token = raw.trim();
  if (token === "") throw new AccessError("malformed", `${where}: the bearer token is empty: write the token there`);
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new AccessError("malformed", `${where}: the bearer token has characters that no token has: write it again`);
  }
  return new Secret(`Bearer ${token}`);
}

export async function bearerOfFile(path: string): Promise<Secret> {
  return bearer(await readCredentialFile(path, "bearer token"), path);
}
