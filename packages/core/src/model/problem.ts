/** Something wrong with one object, said on that object. */
export interface Problem {
  /** A word for machines, for example `InvalidHost`. */
  readonly code: ProblemCode;
  /** The field, for example `spec.rules[2].host`; empty where the object as a whole is meant. */
  readonly path: string;
  /** One sentence: what is wrong, and what mends it. Never contains secrets. */
  readonly message: string;
}

export type ProblemCode =
  | "Malformed"
  | "InvalidHost"
  | "InvalidPath"
  | "InvalidBackend"
  | "InvalidValue"
  | "TooMany"
  | "UnknownService"
  | "UnknownPort"
  | "UnknownClass"
  | "UnknownSecret"
  | "UnseenSecret"
  | "ForbiddenSecret"
  | "InvalidCertificate"
  | "CertificateNames"
  | "DuplicatePath"
  | "RouteConflict"
  | "CertificateConflict"
  | "UnsafeAddress"
  | "RefusedByEnvoy"
  | "Internal";
