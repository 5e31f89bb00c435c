/**
 * The rules by which kube-proxy would serve the same Services: their shape is that of its nftables and iptables modes,
 * generated here. kube-proxy itself does not run.
 */
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { spawn, spawnSync } from "node:child_process";
import { PORT } from "./services.ts";

const PODS = "10.11.0.0/16";

/** A Service's address with its endpoints. */
export interface ProxiedService {
  readonly address: string;
  readonly endpoints: readonly string[];
}

export function nftablesRules(services: readonly ProxiedService[]): string {
  const name = ({ address }: ProxiedService) => `service-${address}-tcp-${PORT}`;
  const endpoint = (of: ProxiedService, to: string) => `endpoint-${of.address}-tcp-${PORT}__${to}-${PORT}`;
  const chains = services.flatMap((one) => [
    ...one.endpoints.map((to) =>
      chain(endpoint(one, to), [`ip saddr ${to} jump mark-for-masquerade`, `meta l4proto tcp dnat to ${to}:${PORT}`]),
    ),
    chain(name(one), [
      `ip daddr ${one.address} tcp dport ${PORT} ip saddr != ${PODS} jump mark-for-masquerade`,
      `numgen random mod ${one.endpoints.length} vmap { ${one.endpoints
        .map((to, i) => `${i} : goto ${endpoint(one, to)}`)
        .join(", ")} }`,
    ]),
  ]);
  const elements = services.map((one) => `${one.address} . tcp . ${PORT} : goto ${name(one)}`);
  return `
table ip kube-proxy
delete table ip kube-proxy
table ip kube-proxy {
${chain("mark-for-masquerade", ["meta mark set meta mark or 0x4000"])}
${chain("masquerading", ["meta mark and 0x4000 == 0 return", "meta mark set meta mark xor 0x4000", "masquerade fully-random"])}
${chains.join("\n")}
map service-ips {
  type ipv4_addr . inet_proto . inet_service : verdict
  elements = { ${elements.join(", ")} }
}
${chain("services", ["ip daddr . meta l4proto . th dport vmap @service-ips"])}
${chain("nat-prerouting", ["type nat hook prerouting priority dstnat; policy accept;", "jump services"])}
${chain("nat-output", ["type nat hook output priority -100; policy accept;", "jump services"])}
${chain("nat-postrouting", ["type nat hook postrouting priority srcnat; policy accept;", "jump masquerading"])}
}
`;
}

function chain(name: string, rules: readonly string[]): string {
  return `chain ${name} {\n${rules.map((rule) => `  ${rule}\n`).join("")}}`;
}

export function iptablesRules(services: readonly ProxiedService[]): string {
  const declared: string[] = [];
  const rules: string[] = [];
  services.forEach(({ address, endpoints }, n) => {
    const [svc, comment] = [`KUBE-SVC-${n}`, `-m comment --comment "apps/s${n}:tcp"`];
    const to = `-d ${address}/32 -p tcp ${comment} -m tcp --dport ${PORT}`;
    declared.push(svc);
    rules.push(`-A KUBE-SERVICES ${to} -j ${svc}`, `-A ${svc} ! -s ${PODS} ${to} -j KUBE-MARK-MASQ`);
    endpoints.forEach((endpoint, i) => {
      const sep = `KUBE-SEP-${n}-${i}`;
      const left = endpoints.length - i;
      const chance = left === 1 ? "" : ` -m statistic --mode random --probability ${(1 / left).toFixed(10)}`;
      declared.push(sep);
      rules.push(
        `-A ${svc} ${comment}${chance} -j ${sep}`,
        `-A ${sep} -s ${endpoint}/32 ${comment} -j KUBE-MARK-MASQ`,
        `-A ${sep} -p tcp ${comment} -m tcp -j DNAT --to-destination ${endpoint}:${PORT}`,
      );
    });
  });
  const chains = ["KUBE-SERVICES", "KUBE-MARK-MASQ", "KUBE-POSTROUTING", ...declared];
  return `*nat
${chains.map((name) => `:${name} - [0:0]`).join("\n")}
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000
-A KUBE-POSTROUTING -j MASQUERADE --random-fully
${rules.join("\n")}
COMMIT
`;
}

/** What is installed, such as `iptables v1.8.9 (nf_tables)`; nothing where it is not. */
export function versionOf(tool: "nft" | "iptables"): string | undefined {
  const { status, stdout } = spawnSync(tool, ["--version"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** Puts the rules into a node, in the place of earlier ones. */
export async function installRules(namespace: string, tool: "nft" | "iptables", rules: string): Promise<void> {
  const command = tool === "nft" ? ["nft", "-f", "-"] : ["iptables-restore"];
  const child = spawn("nsenter", [`--net=${namespace}`, "--", ...command], { stdio: ["pipe", "ignore", "pipe"] });
  child.stdin.end(rules);
  const [[code], said] = await Promise.all([once(child, "close"), text(child.stderr)]);
  if (code !== 0) throw new Error(`${command.join(" ")}: ${said.trim().split("\n")[0]}`);
}
