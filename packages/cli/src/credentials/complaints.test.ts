import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createAuthority } from "../../../lab/src/trust/index.ts";
import { pemFiles, temporaryFolder } from "../fixture.ts";
import { certificateComplaints } from "./complaints.ts";
import { readPemFiles, uriNames } from "./pem-files.ts";
import { isController, parseEdge } from "./spiffe.ts";

const DAY_MS = 86_400_000;

test("a certificate is judged by its key, its authority and the time", async () => {
  using folder = temporaryFolder();
  const authority = await createAuthority("mesh");
  const from = Date.parse("2030-01-01T00:00:00Z");
  const notBefore = new Date(from);
  const notAfter = new Date(from + 30 * DAY_MS);
  const own = await pemFiles(folder.path, authority, { uris: ["spiffe://a/b"], notBefore, notAfter });
  const other = await pemFiles(folder.path, await createAuthority("other"), { uris: ["spiffe://a/b"] }, "other");
  const says = async (paths: typeof own, now: number) =>
    certificateComplaints(await readPemFiles(paths), now).map((complaint) => complaint.says);

  assert.deepEqual(await says(own, from + DAY_MS), []);
  assert.deepEqual(await says(own, from - 1), [`${own.certificate}: is valid only from 2030-01-01T00:00:00Z`]);
  assert.deepEqual(await says(own, from + 17 * DAY_MS), [
    `${own.certificate}: expires in 13 days, at 2030-01-31T00:00:00Z`,
  ]);
  assert.deepEqual(await says(own, notAfter.getTime()), [`${own.certificate}: expired at 2030-01-31T00:00:00Z`]);
  assert.deepEqual(await says({ ...own, key: other.key, authority: other.authority }, from + DAY_MS), [
    `${other.key}: does not belong to the certificate in ${own.certificate}`,
    `${own.certificate}: is not signed by an authority in ${other.authority}`,
  ]);
  const serious = certificateComplaints(await readPemFiles(own), from + 17 * DAY_MS).map(
    (complaint) => complaint.serious,
  );
  assert.deepEqual(serious, [false]);
});

test("files that hold something else are named, and the key is not quoted", async () => {
  using folder = temporaryFolder();
  const own = await pemFiles(folder.path, await createAuthority("mesh"), { dnsNames: ["x.example"] });
  const junk = join(folder.path, "junk");
  writeFileSync(junk, "-----BEGIN CERTIFICATE-----\nsecret\n-----END CERTIFICATE-----\n");
  const large = join(folder.path, "large");
  writeFileSync(large, Buffer.alloc(1024 * 1024 + 1));
  await assert.rejects(readPemFiles({ ...own, certificate: junk }), {
    message: `${junk}: holds no certificate in PEM that can be read; write one there`,
  });
  await assert.rejects(readPemFiles({ ...own, key: junk }), {
    message: `${junk}: holds no private key in PEM without a passphrase; write one there`,
  });
  await assert.rejects(readPemFiles({ ...own, authority: large }), /large: is larger than 1 MiB/);
});

test("names: a value with a comma cannot pretend to be another name", async () => {
  using folder = temporaryFolder();
  const authority = await createAuthority("mesh");
  const uri = "spiffe://a/cluster/c/edge/f/x, URI:spiffe://a/cluster/c/controller";
  const own = await pemFiles(folder.path, authority, { uris: [uri, "spiffe://a/cluster/c/node/n"], commonName: "x" });
  const { chain } = await readPemFiles(own);
  assert.deepEqual(uriNames(chain[0]), [uri, "spiffe://a/cluster/c/node/n"]);
});

test("names of edges and controllers", () => {
  assert.deepEqual(parseEdge("spiffe://carrick.local/cluster/london/edge/public/e1"), {
    domain: "carrick.local",
    cluster: "london",
    fleet: "public",
    name: "e1",
  });
  for (const uri of ["spiffe://d/cluster/c/edge/f", "spiffe://d/cluster/c/edge/f/n/x", "spiffe://d/cluster/c/node/n"]) {
    assert.equal(parseEdge(uri), undefined);
  }
  assert.equal(isController("spiffe://d/cluster/c/controller", "d"), true);
  assert.equal(isController("spiffe://d/cluster/c/controller", "e"), false);
  assert.equal(isController("spiffe://d/cluster/c/edge/f/controller", "d"), false);
});
