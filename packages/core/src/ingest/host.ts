const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const IPV4 = /^\d+(\.\d+){3}$/;

/**
 * Checks the host of an Ingress rule (a DNS name, or `*.` and a DNS name) and gives it in lower case, or says in a
 * clause what is wrong with it.
 */
export function readHost(text: string): { readonly host: string } | { readonly wrong: string } {
  const host = text.toLowerCase();
  if (host.length > 253) return { wrong: `has ${host.length} characters; a DNS name has at most 253` };
  if (IPV4.test(host) || host.includes(":")) return { wrong: "is an address or carries a port; give a DNS name" };
  const labels = host.split(".");
  if (labels[0] === "*") {
    labels.shift();
    if (labels.length < 2) return { wrong: "is too wide a wildcard; at least two labels have to follow `*.`" };
  }
  const bad = labels.find((label) => !LABEL.test(label));
  if (bad !== undefined) {
    return {
      wrong:
        bad.length > 63
          ? `has a label of ${bad.length} characters; a label has at most 63`
          : "is not a DNS name: labels hold letters, digits and inner hyphens, and `*` may only be the whole first label",
    };
  }
  return { host };
}

/**
 * Whether a name of a certificate may stand for a server: it goes into names and code that are made for Envoy, which
 * refuses a listener with a server name that is none.
 */
export function isServerName(name: string): boolean {
  return "host" in readHost(name);
}
