/** What of a URL decides where a request goes. */
export interface ExplainedRequest {
  readonly scheme: "http" | "https";
  /** Lower case, without port. */
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
    host: parts[2]!.toLowerCase(),
    path: parts[3] ?? "/",
  };
}
