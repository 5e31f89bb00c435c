/** What a runtime asks for: the environment and the network configuration, checked. */
import { attachmentKey, type AttachmentKey, type Owner, type Pod } from "../ipam/index.ts";
import { CniCode, CniError } from "./cni-error.ts";
import type { Question } from "./frame.ts";
import {
  decodeConfig,
  type Dns,
  NAME,
  type NetworkConfig,
  type PrevResult,
  prevResultOf,
  refuseUnsupported,
  validAttachments,
} from "./network-config.ts";
import { type Command, COMMANDS, type CniVersion } from "./version.ts";

export interface AddRequest {
  readonly command: "ADD";
  readonly cniVersion: CniVersion;
  readonly owner: Owner;
  /** The agent's own when not given. */
  readonly mtu?: number;
  readonly dns?: Dns;
}

export interface DelRequest {
  readonly command: "DEL";
  readonly cniVersion: CniVersion;
  readonly containerId: string;
  readonly ifname: string;
}

export interface CheckRequest {
  readonly command: "CHECK";
  readonly cniVersion: CniVersion;
  readonly containerId: string;
  readonly ifname: string;
  readonly netns: string;
  readonly prevResult: PrevResult;
}

export interface GcRequest {
  readonly command: "GC";
  readonly cniVersion: CniVersion;
  readonly network: string;
  readonly valid: ReadonlySet<AttachmentKey>;
}

export interface StatusRequest {
  readonly command: "STATUS";
  readonly cniVersion: CniVersion;
}

export type Request = AddRequest | DelRequest | CheckRequest | GcRequest | StatusRequest;

/** Throws `CniError`, which names the variable or the field. */
export function decodeRequest(question: Question): Request {
  const command = commandOf(question);
  const config = decodeConfig(question.input, command);
  const { cniVersion, name: network } = config;
  switch (command) {
    case "ADD":
      return addRequest(question, config);
    case "DEL":
      return { command, cniVersion, containerId: containerIdOf(question), ifname: ifnameOf(question) };
    case "CHECK":
      return checkRequest(question, config);
    case "GC":
      return { command, cniVersion, network, valid: new Set(validAttachments(config).map(attachmentKey)) };
    case "STATUS":
    default:
      return { command, cniVersion };
  }
}

export function commandOf({ command }: Pick<Question, "command">): Command {
  const known = COMMANDS.find((one) => one === command);
  if (known !== undefined) return known;
  throw wrong("CNI_COMMAND", command, `must be ${COMMANDS.join(", ")} or VERSION`);
}

function addRequest(question: Question, config: NetworkConfig): AddRequest {
  refuseUnsupported(config);
  const { cniVersion, name: network, mtu, dns } = config;
  const pod = podOf(question);
  const owner = {
    network,
    containerId: containerIdOf(question),
    ifname: ifnameOf(question),
    netns: netnsOf(question),
    ...(pod && { pod }),
  };
  return { command: "ADD", cniVersion, owner, ...(mtu && { mtu }), ...(dns && { dns }) };
}

function checkRequest(question: Question, config: NetworkConfig): CheckRequest {
  return {
    command: "CHECK",
    cniVersion: config.cniVersion,
    containerId: containerIdOf(question),
    ifname: ifnameOf(question),
    netns: netnsOf(question),
    prevResult: prevResultOf(config),
  };
}

function containerIdOf({ containerId }: Question): string {
  if (containerId.length <= 255 && NAME.test(containerId)) return containerId;
  throw wrong(
    "CNI_CONTAINERID",
    containerId,
    "must be letters, digits, `_`, `.` and `-`, the first a letter or a digit, and at most 255",
  );
}

/** As the kernel takes names of links. */
function ifnameOf({ ifname }: Question): string {
  const size = Buffer.byteLength(ifname);
  if (size >= 1 && size <= 15 && ifname !== "." && ifname !== ".." && !/[/:\s\0]/.test(ifname)) return ifname;
  throw wrong("CNI_IFNAME", ifname, "must be a link's name: 1 to 15 bytes without `/`, `:` and white space");
}

function netnsOf({ netns }: Question): string {
  if (netns.startsWith("/") && netns.length <= 4096 && !netns.includes("\0")) return netns;
  throw wrong("CNI_NETNS", netns, "must be the absolute path of the pod's network namespace");
}

/** Of the names that Kubernetes' runtimes pass; the others are passed over. Nothing when there is no pod's name. */
function podOf({ args }: Question): Pod | undefined {
  const given = new Map(
    args.split(";").map((pair): [string, string] => {
      const at = pair.indexOf("=");
      return at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
  if (given.has("IP")) {
    throw wrong("CNI_ARGS", `IP=${given.get("IP")!}`, "asks for an address, but they come from the node's pod CIDRs");
  }
  const [namespace, name, uid] = ["K8S_POD_NAMESPACE", "K8S_POD_NAME", "K8S_POD_UID"].map(
    (key) => given.get(key) ?? "",
  );
  if (namespace === "" && name === "") return undefined;
  if (!isName(namespace!, 63)) throw wrong("CNI_ARGS", `K8S_POD_NAMESPACE=${namespace}`, "must be a namespace's name");
  if (!isName(name!, 253)) throw wrong("CNI_ARGS", `K8S_POD_NAME=${name}`, "must be a pod's name");
  if (uid !== "" && !isName(uid!, 128)) throw wrong("CNI_ARGS", `K8S_POD_UID=${uid}`, "must be a pod's uid");
  return { namespace: namespace!, name: name!, ...(uid !== "" && { uid: uid! }) };
}

function isName(text: string, most: number): boolean {
  return text.length <= most && /^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?$/.test(text);
}

function wrong(variable: string, value: string, must: string): CniError {
  const given = value === "" ? "is not set" : `is ${JSON.stringify(value.slice(0, 60))}`;
  return new CniError(CniCode.invalidEnvironment, `${variable} ${given}, and ${must}: correct what the runtime passes`);
}
