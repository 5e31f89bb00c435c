import assert from "node:assert/strict";
import { test } from "node:test";
import { checkedContext } from "./tls-material.ts";
import type { TlsMaterial } from "./tls-material.ts";
import { material } from "./fixture.ts";

const origins = { certificate: "/etc/carrick/tls.crt", key: "/etc/carrick/tls.key", authority: "/etc/carrick/ca.crt" };
const good = { ...(await material({ dnsNames: ["a.example"] })), origins };
const other = await material({ dnsNames: ["a.example"] });

test("good material is taken", () => {
  assert.equal(checkedContext(good).cert, good.certificate);
});

for (const [what, change, code, message] of [
  [
    "no certificate",
    { certificate: "nonsense" },
    "certificate",
    /^\/etc\/carrick\/tls\.crt: holds no certificate in PEM; /,
  ],
  [
    "no key",
    { key: "nonsense" },
    "key",
    /^\/etc\/carrick\/tls\.key: holds no private key in PEM without a passphrase; /,
  ],
  [
    "a key of another certificate",
    { key: other.key },
    "key",
    /^\/etc\/carrick\/tls\.key: does not belong to .*tls\.crt; /,
  ],
  ["no authority", { authority: "" }, "authority", /^\/etc\/carrick\/ca\.crt: holds no certificate of an authority/],
  [
    "a broken chain",
    { certificate: `${good.certificate}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n` },
    "certificate",
    /^\/etc\/carrick\/tls\.crt: OpenSSL refuses it/,
  ],
] as const) {
  test(`refused with the file's name: ${what}`, () => {
    const broken: TlsMaterial = { ...good, ...change };
    assert.throws(
      () => checkedContext(broken),
      (error: Error) => {
        assert.equal(error.name, "XdsError");
        assert.equal((error as Error & { code: string }).code, code);
        assert.match(error.message, message);
        assert.doesNotMatch(JSON.stringify(error) + error.message + error.stack, /PRIVATE KEY/);
        return true;
      },
    );
  });
}

test("without origins the message names the option", () => {
  const { origins: _, ...plain } = good;
  assert.throws(() => checkedContext({ ...plain, key: "" }), /^XdsError: tls\.key: holds no private key/);
});
