/** A certificate authority for the lab and for tests: ECDSA P-256, nothing kept on disk. */
import * as reflectMetadata from "reflect-metadata";
import { X509Certificate, createPrivateKey, randomBytes } from "node:crypto";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { Extension } from "@peculiar/x509";

// @peculiar/x509 throws on import unless this polyfill was loaded before it.
void reflectMetadata;

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY_MS = 86_400_000;

export type Usage = "server" | "client";

export interface CertificateRequest {
  /** Common name; the first DNS name, URI or address when not given. */
  readonly commonName?: string;
  readonly uris?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ips?: readonly string[];
  /** One minute ago when not given, so that a clock that is a little behind accepts it. */
  readonly notBefore?: Date;
  /** 30 days from now when not given. */
  readonly notAfter?: Date;
  /** Both when not given. */
  readonly usages?: readonly Usage[];
}

/** A certificate with its key. The key is a getter, so neither JSON nor inspection shows it. */
export class KeyPair {
  readonly certPem: string;
  readonly #keyPem: string;

  constructor(certPem: string, keyPem: string) {
    this.certPem = certPem;
    this.#keyPem = keyPem;
  }

  /** PKCS #8 in PEM. */
  get keyPem(): string {
    return this.#keyPem;
  }

  /** When it ends. */
  get notAfter(): Date {
    return new Date(new X509Certificate(this.certPem).validTo);
  }
}

export interface Authority {
  readonly name: string;
  /** The certificate that others trust. */
  readonly certPem: string;
  /** Signs a new key pair. Throws on a request without any name. */
  issue(request: CertificateRequest): Promise<KeyPair>;
}

/** Creates an authority with a fresh key, valid for a year. */
export async function createAuthority(name: string): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const now = Date.now();
  const root = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [name] }],
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + 365 * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });

  const issue = async (request: CertificateRequest): Promise<KeyPair> => {
    const leaf = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
    const issued = Date.now();
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: [{ CN: [commonName(request)] }],
      issuer: root.subjectName,
      notBefore: request.notBefore ?? new Date(issued - 60_000),
      notAfter: request.notAfter ?? new Date(issued + 30 * DAY_MS),
      signingAlgorithm: ALGORITHM,
      signingKey: keys.privateKey,
      publicKey: leaf.publicKey,
      extensions: [
        ...leafExtensions(request),
        await SubjectKeyIdentifierExtension.create(leaf.publicKey),
        await AuthorityKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", leaf.privateKey));
    const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
    return new KeyPair(`${certificate.toString("pem")}\n`, key.export({ format: "pem", type: "pkcs8" }).toString());
  };

  return { name, certPem: `${root.toString("pem")}\n`, issue };
}

function leafExtensions(request: CertificateRequest): Extension[] {
  const usages = request.usages ?? ["server", "client"];
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension(
      usages.map((usage) => (usage === "server" ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth)),
    ),
    new SubjectAlternativeNameExtension([
      ...(request.uris ?? []).map((value) => ({ type: "url" as const, value })),
      ...(request.dnsNames ?? []).map((value) => ({ type: "dns" as const, value })),
      ...(request.ips ?? []).map((value) => ({ type: "ip" as const, value })),
    ]),
  ];
}

function commonName(request: CertificateRequest): string {
  const name = request.commonName ?? request.dnsNames?.[0] ?? request.uris?.[0] ?? request.ips?.[0];
  if (name === undefined) throw new Error("certificate request: no name given; set uris, dnsNames or ips");
  // RFC 5280, upper bound of a common name: 64 characters; the alternative names are what peers check.
  return name.slice(0, 64);
}

/** Positive and at most 20 octets (RFC 5280 §4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString("hex");
}
