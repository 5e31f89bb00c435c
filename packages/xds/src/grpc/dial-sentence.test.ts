import assert from "node:assert/strict";
import { test } from "node:test";
import { dialSentence } from "./dial-sentence.ts";

const wrapped = (reason: string) => `No connection established. Last error: ${reason}. Resolution note: `;

for (const [details, sentence] of [
  [
    wrapped("Error: self-signed certificate in certificate chain"),
    "self-signed certificate in certificate chain: the server's certificate is not from the authority in use here; compare the authorities of both sides",
  ],
  [
    wrapped("Error: unable to verify the first certificate"),
    "unable to verify the first certificate: the server's certificate is not from the authority in use here; compare the authorities of both sides",
  ],
  [
    wrapped("Error: certificate has expired"),
    "certificate has expired: the server's certificate has expired; renew it",
  ],
  [
    wrapped("Failed to connect (2026-11-25T19:35:33.077Z)"),
    "Failed to connect: the server ended the connection before it answered; it may refuse the certificate shown here, which its log says",
  ],
  [
    wrapped("Error: connect ECONNREFUSED 127.0.0.1:9"),
    "connect ECONNREFUSED 127.0.0.1:9: nobody listens there; start the server, or correct its address",
  ],
  [
    wrapped("Error: spiffe://a/cluster/b/controller is not of cluster c; connect to one of its own"),
    "spiffe://a/cluster/b/controller is not of cluster c; connect to one of its own",
  ],
  ["the server is ending; connect to another", "the server is ending; connect to another"],
] as const) {
  test(`why there is no connection: ${sentence.slice(0, 40)}`, () => {
    assert.equal(dialSentence(details), sentence);
  });
}
