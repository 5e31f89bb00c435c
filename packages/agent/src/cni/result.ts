/** What ADD answers (CNI specification 1.1.0, section 5, "ADD Success"), in the words of each version. */
import type { Dns } from "./network-config.ts";
import type { PodLinks } from "./pod-links.ts";
import type { CniVersion } from "./version.ts";

/** The pod's interface is the second of the result. */
const POD = 1;

export function encodeResult(cniVersion: CniVersion, links: PodLinks, netns: string, dns?: Dns): string {
  const { host, pod, mtu, addresses } = links;
  // `mtu` came with 1.1.0; `version` went with 1.0.0.
  const withMtu = cniVersion === "1.1.0" ? { mtu } : {};
  const result = {
    cniVersion,
    interfaces: [
      { name: host.name, mac: host.mac, ...withMtu },
      { name: pod.name, mac: pod.mac, ...withMtu, sandbox: netns },
    ],
    ips: addresses.map(({ family, prefix, gateway }) => ({
      ...(cniVersion === "0.4.0" && { version: `${family}` }),
      address: prefix,
      gateway,
      interface: POD,
    })),
    routes: addresses.map(({ defaultRoute, gateway }) => ({ dst: defaultRoute, gw: gateway })),
    dns: dns ?? {},
  };
  return `${JSON.stringify(result)}\n`;
}
