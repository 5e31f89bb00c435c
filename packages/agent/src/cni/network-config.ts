/** The network configuration that a runtime passes (CNI specification 1.1.0, sections 1 and 3). */
import { z } from "zod";
import { CniCode, CniError } from "./cni-error.ts";
import { type Command, type CniVersion, spokenVersion } from "./version.ts";

/** Container ids and names of networks. */
export const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

const texts = z.array(z.string().max(255)).max(32);
const dns = z.object({
  nameservers: texts.optional(),
  domain: z.string().max(255).optional(),
  search: texts.optional(),
  options: texts.optional(),
});

/** Go writes a list without elements as null. */
function list<T extends z.ZodType>(element: T, most: number) {
  return z.array(element).max(most).nullish();
}

const result = z.object({
  interfaces: list(z.object({ name: z.string(), mac: z.string().optional(), sandbox: z.string().optional() }), 1000),
  ips: list(z.object({ address: z.string(), interface: z.number().int().nullish() }), 1000),
  routes: list(z.object({ dst: z.string(), gw: z.string().nullish() }), 10_000),
});

const config = z.object({
  name: z.string().regex(NAME, "must be letters, digits, `_`, `.` and `-`, the first a letter or a digit").max(255),
  mtu: z.number().int().min(1280).max(65_535).optional(),
  dns: dns.optional(),
});

/** Fields that Carrick must not pass over in silence, because the pod would get another network than was asked for. */
const unsupported = z.object({
  ipam: z.unknown().optional(),
  ipMasq: z.unknown().optional(),
  runtimeConfig: z.looseObject({ ips: z.unknown().optional(), mac: z.unknown().optional() }).nullish(),
  args: z.looseObject({ cni: z.looseObject({ ips: z.unknown().optional() }).nullish() }).nullish(),
});

const attachments = z.object({
  "cni.dev/valid-attachments": z
    .array(z.object({ containerID: z.string(), ifname: z.string() }))
    .max(100_000)
    .nullable(),
});

export type Dns = z.infer<typeof dns>;
export type PrevResult = z.infer<typeof result>;

export interface NetworkConfig extends z.infer<typeof config> {
  readonly cniVersion: CniVersion;
  /** The whole object, for the fields of single operations. */
  readonly fields: object;
}

/** Fields that nobody knows are passed over, as the specification wants. Throws `CniError`. */
export function decodeConfig(input: string, command: Command): NetworkConfig {
  const fields = parse(input);
  const cniVersion = spokenVersion("cniVersion" in fields ? fields.cniVersion : undefined, command);
  return { ...checked(config, fields), cniVersion, fields };
}

/** The version, if it is one that is spoken, of an input that may have anything else wrong. */
export function versionOf(input: string, command: Command): CniVersion | undefined {
  try {
    const fields = parse(input);
    return spokenVersion("cniVersion" in fields ? fields.cniVersion : undefined, command);
  } catch {
    return undefined;
  }
}

/** ADD: throws `CniError` for a configuration that asks for what Carrick does not do. */
export function refuseUnsupported({ fields }: NetworkConfig): void {
  if ("prevResult" in fields && fields.prevResult !== null) {
    throw new CniError(
      CniCode.invalidConfig,
      "prevResult: another plugin stands before this one, which makes the pod's interface: put it first in `plugins`",
    );
  }
  const { ipam, ipMasq, runtimeConfig, args } = checked(unsupported, fields);
  const asked: readonly (readonly [string, unknown, string])[] = [
    ["ipam", ipam, "addresses come from the node's pod CIDRs"],
    ["ipMasq", ipMasq, "pods keep their addresses"],
    ["runtimeConfig.ips", runtimeConfig?.ips, "addresses come from the node's pod CIDRs"],
    ["runtimeConfig.mac", runtimeConfig?.mac, "the agent chooses hardware addresses"],
    ["args.cni.ips", args?.cni?.ips, "addresses come from the node's pod CIDRs"],
  ];
  for (const [field, value, reason] of asked) {
    if (isNothing(value)) continue;
    const shown = JSON.stringify(value).slice(0, 200);
    throw new CniError(CniCode.unsupportedField, `${field} is ${shown}, but ${reason}: remove the field`);
  }
}

/** CHECK. Throws `CniError`. */
export function prevResultOf({ fields }: NetworkConfig): PrevResult {
  const given = "prevResult" in fields ? fields.prevResult : undefined;
  if (given === undefined || given === null) {
    throw new CniError(
      CniCode.invalidConfig,
      "prevResult is missing: the runtime must pass the result of ADD to CHECK",
    );
  }
  return checked(z.object({ prevResult: result }), fields).prevResult;
}

/** GC. Without the list nothing is removed: unknown is not absent. Throws `CniError`. */
export function validAttachments({
  fields,
}: NetworkConfig): { readonly containerId: string; readonly ifname: string }[] {
  const valid = checked(attachments, fields)["cni.dev/valid-attachments"] ?? [];
  return valid.map(({ containerID, ifname }) => ({ containerId: containerID, ifname }));
}

function parse(input: string): object {
  let value: unknown;
  try {
    value = JSON.parse(input);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CniError(CniCode.decodeFailure, `the network configuration is not JSON: ${why}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new CniError(
    CniCode.decodeFailure,
    "the network configuration is not a JSON object; the runtime must pass one",
  );
}

function checked<T extends z.ZodType>(schema: T, fields: object): z.infer<T> {
  const parsed = schema.safeParse(fields, { reportInput: true });
  if (parsed.success) return parsed.data;
  const complaints = parsed.error.issues.slice(0, 5).map(({ path, message, ...issue }) => {
    const missing = issue.code === "invalid_type" && issue.input === undefined;
    return `${path.map(String).join(".")}: ${missing ? "is missing" : message.charAt(0).toLowerCase() + message.slice(1)}`;
  });
  throw new CniError(CniCode.invalidConfig, complaints.join("; "));
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
