import type { CallOptions, KubeClient } from "./client.ts";
import { KubeError } from "./kube-error.ts";
import { type ResourceRef, resourcePath } from "./resource-path.ts";
import type { Fields } from "./shape.ts";

/**
 * Writes a part of one object (JSON merge patch), or creates the object as `whole` where there is none yet. Gives the
 * object as it is now. Throws a `KubeError` of status 404 if the server does not have the resource at all.
 */
export async function patchOrCreate(
  client: KubeClient,
  resource: ResourceRef,
  { name, patch, whole }: { readonly name: string; readonly patch: object; readonly whole: object },
  options?: CallOptions,
): Promise<Fields> {
  const write = (): Promise<Fields> => client.patch(resourcePath(resource, name), patch, options);
  try {
    return await write();
  } catch (error) {
    if (!isRefusal(error, 404)) throw error;
  }
  try {
    return await client.create(resourcePath(resource), whole, options);
  } catch (error) {
    // Another client created it in between.
    if (!isRefusal(error, 409)) throw error;
  }
  return write();
}

function isRefusal(error: unknown, status: number): boolean {
  return error instanceof KubeError && error.status === status;
}
