import type { CallOptions, KubeReader } from "../client.ts";
import { KubeError } from "../kube-error.ts";
import { type Fields, fields, list, text } from "../shape.ts";
import { versionOf } from "./identity.ts";

export interface Page {
  readonly items: readonly unknown[];
  /** `resourceVersion` of the list, the same on all its pages. */
  readonly version: string;
}

/**
 * A consistent list, page by page (Kubernetes API concepts, "Retrieving large results sets in chunks"). Throws a
 * `KubeError` of status 410 when it took so long that the server has forgotten its version.
 */
export async function* listPages(
  client: KubeReader,
  path: string,
  pageSize: number,
  options: CallOptions,
): AsyncGenerator<Page> {
  let limit = pageSize;
  let token: string | undefined;
  for (;;) {
    let page: Fields;
    try {
      page = await client.get(path, { ...options, query: { ...options.query, limit, continue: token } });
    } catch (error) {
      // Large objects: the same place again in smaller pages.
      if (!(error instanceof KubeError) || error.reason !== "TooLarge" || limit === 1) throw error;
      limit = Math.ceil(limit / 4);
      continue;
    }
    const metadata = fields(page["metadata"]);
    const version = versionOf(metadata);
    if (version === undefined || (page["items"] !== null && !Array.isArray(page["items"]))) {
      throw new KubeError(0, "Malformed", `${client.name}: GET ${path}: the answer is no list: is this an API server?`);
    }
    const next = text(metadata?.["continue"]);
    if (next !== undefined && next === token) {
      throw new KubeError(
        0,
        "Malformed",
        `${client.name}: GET ${path}: the list does not advance: is this an API server?`,
      );
    }
    yield { items: list(page["items"]), version };
    if (next === undefined) return;
    token = next;
  }
}
