/** A configuration cannot be used. Each line of the message says where, why and what mends it. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}
