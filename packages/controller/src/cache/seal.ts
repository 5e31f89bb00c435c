import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Hides texts that go to disk: who does not have this replica's own TLS key cannot read them. */
export interface Seal {
  close(text: string): string;
  /** Throws if the text was sealed with another key, or changed. */
  open(sealed: string): string;
}

/** AES-256-GCM under a key that is derived from this replica's private key. */
export function sealWith(privateKeyPem: string): Seal {
  const key = Buffer.from(hkdfSync("sha256", privateKeyPem, "", "carrick: copies on disk", 32));
  return {
    close: (text) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce);
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64");
    },
    open: (sealed) => {
      const bytes = Buffer.from(sealed, "base64");
      try {
        const cipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
        cipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
        return Buffer.concat([cipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), cipher.final()]).toString("utf8");
      } catch {
        throw new Error("was sealed with another key than this replica's, or changed");
      }
    },
  };
}
