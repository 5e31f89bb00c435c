/** Lists: one page of a state that all pages share. */
import { ApiError, expired } from "./api-error.ts";
import type { Collection } from "./collection.ts";
import type { Entry } from "./entry.ts";
import type { ListOptions } from "./list-options.ts";

export interface Page {
  readonly entries: readonly Entry[];
  /** The state that the page belongs to. */
  readonly version: number;
  /** Asks for the next page. */
  readonly continueToken: string | undefined;
  /** Unknown with a selector. */
  readonly remaining: number | undefined;
}

/** `newest` is the server's version, `now` milliseconds since 1970. */
export function listPage(
  collection: Collection,
  namespace: string | undefined,
  options: ListOptions,
  newest: number,
  now: number,
): Page {
  const token = options.continueToken === undefined ? undefined : readToken(options.continueToken);
  const version = token?.version ?? wantedVersion(options.state, newest);
  const all = version === newest ? collection.sorted() : collection.at(version, now);
  if (all === undefined) throw expired(token === undefined ? TOO_OLD_VERSION : TOO_OLD_TOKEN);
  const { selector } = options;
  const limit = options.limit === 0 ? Infinity : options.limit;
  const entries: Entry[] = [];
  let index = token === undefined ? 0 : firstAfter(all, token.after);
  while (entries.length < limit && index < all.length) {
    const entry = all[index]!;
    index += 1;
    if (namespace !== undefined && entry.namespace !== namespace) continue;
    if (selector === undefined || selector(entry)) entries.push(entry);
  }
  const rest = namespace === undefined ? all.length - index : countIn(all, namespace, index);
  if (rest === 0) return { entries, version, continueToken: undefined, remaining: undefined };
  if (token === undefined) collection.keep(version, all, now);
  return {
    entries,
    version,
    continueToken: writeToken(version, all[index - 1]!.key),
    remaining: selector === undefined ? rest : undefined,
  };
}

const TOO_OLD_VERSION = "The resourceVersion for the provided list is too old.";
const TOO_OLD_TOKEN =
  "The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.";

function wantedVersion(state: ListOptions["state"], newest: number): number {
  if (state.at === "newest") return newest;
  if (state.version > newest) throw tooLarge(state.version, newest);
  return state.at === "exactly" ? state.version : newest;
}

/** Asked for a version that is not reached yet. */
function tooLarge(version: number, newest: number): ApiError {
  return new ApiError(504, `Timeout: Too large resource version: ${version}, current: ${newest}`, {
    details: {
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
      retryAfterSeconds: 1,
    },
  });
}

function countIn(all: readonly Entry[], namespace: string, from: number): number {
  let count = 0;
  for (let index = from; index < all.length; index += 1) if (all[index]!.namespace === namespace) count += 1;
  return count;
}

/** Entries are in the order of their keys. */
function firstAfter(all: readonly Entry[], key: string): number {
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (all[middle]!.key > key) high = middle;
    else low = middle + 1;
  }
  return low;
}

function writeToken(version: number, after: string): string {
  return Buffer.from(JSON.stringify([version, after])).toString("base64url");
}

function readToken(token: string): { readonly version: number; readonly after: string } {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
    if (Array.isArray(value) && Number.isSafeInteger(value[0]) && typeof value[1] === "string") {
      return { version: value[0] as number, after: value[1] };
    }
  } catch {
    // Not one of ours; said below.
  }
  throw new ApiError(400, "continue key is not valid: it was not given by this server");
}
