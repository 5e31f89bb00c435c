import assert from "node:assert/strict";
import { test } from "node:test";
import { createAuthority } from "../../../lab/src/trust/index.ts";
import { checkPair } from "./check-pair.ts";

const authority = await createAuthority("test");
const shop = await authority.issue({ dnsNames: ["Shop.example", "*.shop.example"] });
const other = await authority.issue({ dnsNames: ["other.example"] });

test("a pair gives its names in lower case, its end and a digest", () => {
  const pair = checkPair(`${shop.certPem}${authority.certPem}`, shop.keyPem);
  assert.ok("names" in pair);
  assert.deepEqual(pair.names, ["shop.example", "*.shop.example"]);
  assert.equal(pair.notAfter, shop.notAfter.getTime());
  assert.match(pair.fingerprint, /^[0-9a-f]{64}$/);
});

test("what does not fit is said in a clause, never with the key", () => {
  const wrong = (certificate: string, key: string) => {
    const result = checkPair(certificate, key);
    assert.ok("wrong" in result);
    assert.doesNotMatch(result.wrong, /PRIVATE|BEGIN/);
    return result.wrong;
  };
  assert.equal(wrong(shop.certPem, other.keyPem), "tls.key does not belong to the certificate in tls.crt");
  assert.equal(wrong("garbage", shop.keyPem), "tls.crt holds no certificate in PEM");
  assert.equal(wrong(shop.certPem, "garbage"), "tls.key holds no private key in PEM without a passphrase");
  assert.equal(wrong(shop.certPem.replace(/\n..../, "\nAAAA"), shop.keyPem), "tls.crt holds no certificate in PEM");
});
