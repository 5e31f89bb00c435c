export interface ListenAddress {
  readonly address: string;
  readonly port: number;
}

/** A set of Envoys that serve the same: what the operator configured for them. */
export interface Fleet {
  readonly name: string;
  /** Names of the ingress classes that it serves. */
  readonly classes: readonly string[];
  /** `spec.controller` of the IngressClasses that are Carrick's. */
  readonly controllerName: string;
  readonly http?: ListenAddress;
  readonly https?: ListenAddress;
  /** Plain requests for a host with a certificate are answered with a redirect to https. */
  readonly httpsRedirect: boolean;
  /** How long its Envoys let connections live on after a change of their listener (`--drain-time-s`), in milliseconds. */
  readonly drainMs: number;
}

/** What deriving needs from outside. */
export interface EdgeEnvironment {
  /** Digest of bytes, at least 12 hexadecimal digits. */
  hash(bytes: Uint8Array): string;
  /** Classes of all fleets: a class that none of them serves may be a mistake. */
  readonly knownClasses: readonly string[];
}
