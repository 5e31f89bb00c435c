const FORBIDDEN = ["//", "/./", "/../", "%2f", "%2F"];
const UNPRINTABLE = /[^!-~]|[?#]/;
const MAX_PATH = 2048;

/** Why a path of an Ingress rule is none (the API server's own rules for Exact and Prefix), or `undefined` if it is one. */
export function wrongPath(path: string): string | undefined {
  if (!path.startsWith("/")) return "does not begin with `/`";
  if (path.length > MAX_PATH) return `has ${path.length} characters; at most ${MAX_PATH} are accepted`;
  const forbidden = FORBIDDEN.find((part) => path.includes(part));
  if (forbidden !== undefined) return `contains \`${forbidden}\``;
  if (path.endsWith("/..") || path.endsWith("/.")) return "ends with a dot segment";
  if (UNPRINTABLE.test(path))
    return "contains a character that a path cannot have (blank, control, `?`, `#` or not ASCII)";
  return undefined;
}
