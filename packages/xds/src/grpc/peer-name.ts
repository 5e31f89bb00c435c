/** Who a peer is: the URI in its verified certificate and nothing else. */

export type Peer =
  | {
      readonly role: "edge";
      readonly cluster: string;
      readonly fleet: string;
      readonly name: string;
      readonly uri: string;
    }
  | { readonly role: "controller"; readonly cluster: string; readonly uri: string }
  | { readonly role: "node"; readonly cluster: string; readonly node: string; readonly uri: string };

export interface Refused {
  /** One sentence. */
  readonly refused: string;
}

const FORMS = "/cluster/<cluster>/edge/<fleet>/<name>, /cluster/<cluster>/controller or /cluster/<cluster>/node/<node>";
/** A SPIFFE ID has at most 2048 bytes (SPIFFE-ID §2.3). */
const MAX_URI = 2048;
const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const MAX_NAME = 253;
/** One `kind:value` of Node's list of alternative names; values with special characters stand in JSON quotes. */
const ALTERNATIVE_NAME = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y;

/**
 * The peer that a certificate names. `alternativeNames` is `subjectaltname` as Node prints it.
 * An X.509-SVID has exactly one URI (X509-SVID §2); DNS names and addresses beside it are ignored.
 */
export function peerOfCertificate(alternativeNames: string | undefined, domain: string): Peer | Refused {
  const uris = urisOf(alternativeNames ?? "");
  if (uris === undefined) return { refused: "the certificate's alternative names cannot be read; issue it again" };
  const [uri, second] = uris;
  if (uri === undefined) return { refused: `the certificate has no URI; it must carry spiffe://${domain}${FORMS}` };
  if (second !== undefined) return { refused: `the certificate has ${uris.length} URIs; it must carry exactly one` };
  return parsePeerName(uri, domain);
}

/** Reads `spiffe://<domain>/cluster/…`. Strict: nothing is normalised, decoded or defaulted. */
export function parsePeerName(uri: string, domain: string): Peer | Refused {
  if (uri.length > MAX_URI)
    return { refused: `the certificate's URI has ${uri.length} characters; at most ${MAX_URI}` };
  const trusted = `spiffe://${domain}/`;
  if (!uri.startsWith(trusted)) {
    return {
      refused: `${shown(uri)}: not of the trust domain ${domain}; issue a certificate for spiffe://${domain}${FORMS}`,
    };
  }
  const [head, cluster, role, ...rest] = uri.slice(trusted.length).split("/");
  if (head === "cluster" && cluster !== undefined && LABEL.test(cluster)) {
    const [first, second, ...more] = rest;
    if (role === "controller" && first === undefined) return { role, cluster, uri };
    if (role === "node" && isName(first) && second === undefined) return { role, cluster, node: first, uri };
    if (role === "edge" && isName(first) && isName(second) && more.length === 0) {
      return { role, cluster, fleet: first, name: second, uri };
    }
  }
  return { refused: `${shown(uri)}: no name that Carrick gives; it must be spiffe://${domain}${FORMS}` };
}

/** A DNS name in lower case (RFC 1123), as Kubernetes names its objects. */
function isName(text: string | undefined): text is string {
  return text !== undefined && text.length <= MAX_NAME && text.split(".").every((label) => LABEL.test(label));
}

function urisOf(alternativeNames: string): string[] | undefined {
  const uris: string[] = [];
  ALTERNATIVE_NAME.lastIndex = 0;
  while (ALTERNATIVE_NAME.lastIndex < alternativeNames.length) {
    const match = ALTERNATIVE_NAME.exec(alternativeNames);
    if (match === null) return undefined;
    const [, kind, value] = match;
    // A quoted URI has a character that no name of ours has: it stays quoted and is refused with the rest.
    if (kind === "URI") uris.push(value!);
  }
  return uris;
}

function shown(uri: string): string {
  const text = JSON.stringify(uri).slice(1, -1);
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
