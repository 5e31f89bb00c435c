/** What of a URL decides where a request goes. */
export interface ExplainedRequest {
  readonly scheme: "http" | "https";
  /** Lower case, without port and without a dot at its end. */
  readonly host: string;
  readonly path: string;
}

const URL_PARTS = /^(https?):\/\/([^/?#:@\s]+)(?::\d+)?(\/[^?#\s]*)?(?:[?#]\S*)?$/i;

/** Takes a URL apart, or `undefined` if it is none for http or https. */
export function parseRequest(url: string): ExplainedRequest | undefined {
  const parts = URL_PARTS.exec(url);
  if (parts === null) return undefined;
  return {
    scheme: parts[1]!.toLowerCase() === "https" ? "https" : "http",
    host: parts[2]!.toLowerCase().replace(/(?<=.)\.$/, ""),
    path: normalPath(parts[3] ?? "/"),
  };
}

/** As Envoy is told to see a path: without dot segments (RFC 3986, 5.2.4), each slash once. */
function normalPath(path: string): string {
  const segments: string[] = [];
  const given = path
    .replace(/\/{2,}/g, "/")
    .split("/")
    .slice(1);
  for (const [i, segment] of given.entries()) {
    const last = i === given.length - 1;
    if (segment === "..") segments.pop();
    else if (segment !== ".") segments.push(segment);
    if (last && (segment === ".." || segment === ".")) segments.push("");
  }
  return `/${segments.join("/")}`;
}
