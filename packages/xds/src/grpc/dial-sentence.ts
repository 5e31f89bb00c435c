/** Why there is no connection: gRPC wraps the reason, and says nothing of certificates. */

const WRAPPED =
  /^No connection established\. Last error: (?:Error: )?(.*?)(?: \(\d{4}-\d\d-\d\dT[\d:.]+Z\))?\. Resolution note: .*$/s;

/** By what Node or gRPC says. */
const SENTENCES: readonly (readonly [reason: RegExp, sentence: string])[] = [
  [
    /self.signed certificate|unable to (get local issuer|verify the first) certificate/,
    "the server's certificate is not from the authority in use here; compare the authorities of both sides",
  ],
  [/certificate has expired/, "the server's certificate has expired; renew it"],
  [/certificate is not yet valid/, "the server's certificate is not valid yet; compare the clocks"],
  [
    /^Failed to connect$|ECONNRESET|socket hang up|disconnected before secure|alert/,
    "the server ended the connection before it answered; it may refuse the certificate shown here, which its log says",
  ],
  [/ECONNREFUSED/, "nobody listens there; start the server, or correct its address"],
];

/** `details`: of a stream's status. What is not about a connection stays as it is. */
export function dialSentence(details: string): string {
  const reason = WRAPPED.exec(details)?.[1];
  if (reason === undefined) return details;
  const sentence = SENTENCES.find(([pattern]) => pattern.test(reason))?.[1];
  return sentence === undefined ? reason : `${reason}: ${sentence}`;
}
