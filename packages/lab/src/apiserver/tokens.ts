import { createHash, timingSafeEqual } from "node:crypto";
import type { Exchange } from "./exchange.ts";
import { ApiError } from "./api-error.ts";

/** The bearer tokens that open the server. Only their hashes are kept. */
export class Tokens {
  #hashes: readonly Buffer[];

  constructor(tokens: readonly string[]) {
    this.#hashes = tokens.map(hash);
  }

  /** Tokens that are no longer among them are refused from the next request on. */
  replace(tokens: readonly string[]): void {
    this.#hashes = tokens.map(hash);
  }

  /** Throws an `ApiError` with code 401 for a request that has neither a token nor a certificate that is trusted. */
  check({ headers, certified }: Pick<Exchange, "headers" | "certified">): void {
    if (certified) return;
    const token = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1];
    if (token !== undefined && this.#has(token)) return;
    throw new ApiError(401, "Unauthorized");
  }

  #has(token: string): boolean {
    const given = hash(token);
    return this.#hashes.some((known) => timingSafeEqual(known, given));
  }
}

function hash(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
