import { AccessError } from "./access-error.ts";
import { expired } from "./client-certificate.ts";
import type { Clock } from "./clock.ts";
import { fileSignature } from "./credential-file.ts";
import type { Secret } from "./secret.ts";

/** Where the API server is and with which TLS material it is spoken to. The same object as long as nothing of it changes. */
export interface Endpoint {
  readonly server: URL;
  /** PEM; without it the system's authorities are trusted. */
  readonly ca?: string;
  /** True if the server's certificate is not checked. */
  readonly insecure: boolean;
  readonly serverName?: string;
  readonly certificate?: string;
  readonly key?: Secret;
}

/** Everything one request needs. */
export interface Credentials {
  readonly endpoint: Endpoint;
  /** The whole `Authorization` header. */
  readonly authorization?: Secret;
  readonly impersonate: Readonly<Record<string, string[]>>;
}

/** Credentials that follow their files. */
export interface Access {
  /** Where they come from, for messages. */
  readonly name: string;
  /** Address of the API server, once the credentials have been read. */
  readonly server: string | undefined;
  /** Why the newest state of the files is not in use although older credentials still are. */
  readonly problem: AccessError | undefined;
  /**
   * The credentials for a request that starts now; files that changed are read again first.
   * A change that cannot be used (half written, a pair that does not fit) leaves the last good ones in use.
   * Throws an `AccessError` if there are none that could work.
   */
  current(): Promise<Credentials>;
  /** Says that the server refused these credentials: the next `current()` reads everything again. */
  refuse(credentials: Credentials): void;
}

/** What one reading gave. `files` are those to watch, `reloadAt` and `validTo` in milliseconds since 1970. */
export interface Loaded extends Credentials {
  readonly files: readonly string[];
  readonly reloadAt?: number;
  readonly validTo?: number;
  /** Path and name of the client certificate, for the message when it expires. */
  readonly where?: string;
}

/** Reads everything; `refused` if the server just refused what was read before. */
export type Reload = (refused: boolean) => Promise<Loaded>;

export class CachedAccess implements Access {
  readonly name: string;
  problem: AccessError | undefined;
  readonly #reload: Reload;
  readonly #clock: Clock;
  #held: Loaded | undefined;
  #signature = "";
  #refused = false;
  #reading: Promise<Credentials> | undefined;

  constructor(name: string, reload: Reload, clock: Clock) {
    this.name = name;
    this.#reload = reload;
    this.#clock = clock;
  }

  get server(): string | undefined {
    return this.#held?.endpoint.server.origin;
  }

  current(): Promise<Credentials> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  refuse(credentials: Credentials): void {
    if (credentials === this.#held) this.#refused = true;
  }

  async #read(): Promise<Credentials> {
    const held = this.#held;
    // Taken before the reading, so that a write during it shows at the next look.
    const signature = held === undefined ? "" : await fileSignature(held.files);
    const due = held === undefined || this.#refused || this.#clock.now() >= (held.reloadAt ?? Infinity);
    if (!due && signature === this.#signature) return this.#usable(held);
    const refused = this.#refused;
    this.#refused = false;
    try {
      const loaded = await this.#reload(refused);
      this.#signature = held !== undefined && sameFiles(held.files, loaded.files) ? signature : "";
      this.#held = keep(held, loaded);
      this.problem = undefined;
      return this.#usable(this.#held);
    } catch (error) {
      if (!(error instanceof AccessError) || held === undefined) throw error;
      this.problem = error;
      return this.#usable(held);
    }
  }

  #usable(held: Loaded): Credentials {
    if (held.validTo !== undefined && held.validTo <= this.#clock.now()) {
      throw this.problem ?? expired(held.where ?? this.name, held.validTo);
    }
    return held;
  }
}

/** The old objects where nothing changed, so that connections are kept and a repeated refusal is recognised. */
function keep(held: Loaded | undefined, loaded: Loaded): Loaded {
  if (held === undefined || !sameEndpoint(held.endpoint, loaded.endpoint)) return loaded;
  return { ...loaded, endpoint: held.endpoint };
}

function sameFiles(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((file, index) => file === b[index]);
}

function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return (
    a.server.href === b.server.href &&
    a.ca === b.ca &&
    a.insecure === b.insecure &&
    a.serverName === b.serverName &&
    a.certificate === b.certificate &&
    (a.key === b.key || (a.key?.equals(b.key) ?? false))
  );
}
