import { open, stat } from "node:fs/promises";
import { AccessError } from "./access-error.ts";

/** No kubeconfig, token or certificate is larger; a larger file is refused unread. */
const maxBytes = 4 * 1024 * 1024;

/** Reads a small text file, or throws an `AccessError` that names `what` it is. */
export async function readCredentialFile(path: string, what: string): Promise<string> {
  try {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      if (size > maxBytes) {
        throw new AccessError(
          "malformed",
          `${path}: ${what} of ${size} bytes, at most ${maxBytes} are read: check the path`,
        );
      }
      return await file.readFile("utf8");
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof AccessError) throw error;
    throw fileError(path, what, error);
  }
}

function fileError(path: string, what: string, error: unknown): AccessError {
  const code = errorCode(error);
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new AccessError(
      "missing",
      `${path}: no such file, but it is needed as the ${what}: create it or correct the path`,
      {
        cause: error,
      },
    );
  }
  if (code === "EACCES" || code === "EPERM") {
    return new AccessError("unreadable", `${path}: no permission to read the ${what}: let this user read it`, {
      cause: error,
    });
  }
  return new AccessError(
    "unreadable",
    `${path}: cannot read the ${what} (${code ?? String(error)}): it must be a readable file`,
    {
      cause: error,
    },
  );
}

/** What changes when the file behind any of these paths is written, replaced, re-linked, removed or created. */
export async function fileSignature(paths: readonly string[]): Promise<string> {
  const parts = await Promise.all(
    paths.map(async (path) => {
      try {
        const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
        return `${path}=${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
      } catch (error) {
        return `${path}=${errorCode(error) ?? "unknown"}`;
      }
    }),
  );
  return parts.join("\n");
}

/** The `code` of a system error, for example `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
