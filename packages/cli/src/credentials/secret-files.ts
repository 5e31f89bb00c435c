import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { reasonOf, usageError } from "../exit-code.ts";

/**
 * Writes files by which Envoy finds certificates; each is moved to its place, for an Envoy that runs reads it then. They
 * hold paths, nothing secret. Throws a `CommandError`.
 */
export async function writeSecretFiles(folder: string, files: Readonly<Record<string, object>>): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    for (const [name, content] of Object.entries(files)) {
      const path = join(folder, name);
      await writeFile(`${path}.new`, `${JSON.stringify(content, undefined, 2)}\n`);
      await rename(`${path}.new`, path);
    }
  } catch (error) {
    throw usageError(
      `${folder}: cannot be written (${reasonOf(error)}); name a folder of your own with --secrets`,
      error,
    );
  }
}
