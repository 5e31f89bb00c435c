/** CHECK compares what the runtime says that it was told with what was told. Pure. */
import type { PrevResult } from "./network-config.ts";
import type { PodLinks } from "./pod-links.ts";

/** What is missing in `prevResult`, a clause each. Plugins that came later may have added to it. */
export function missingFromResult({ interfaces, ips }: PrevResult, { host, pod, addresses }: PodLinks): string[] {
  const listed = (interfaces ?? []).findIndex(({ name, sandbox }) => name === pod.name && isSet(sandbox));
  const outer = (interfaces ?? []).find(({ name, sandbox }) => name === host.name && !isSet(sandbox));
  const mac = interfaces?.[listed]?.mac;
  const wrong = [
    ...(listed < 0 ? [`does not list the pod's link ${pod.name}`] : []),
    ...(outer === undefined ? [`does not list the node's link ${host.name}`] : []),
    ...(isSet(mac) && mac.toLowerCase() !== pod.mac ? [`gives ${pod.name} the hardware address ${mac}`] : []),
  ];
  for (const { prefix } of addresses) {
    if (!(ips ?? []).some(({ address }) => address.toLowerCase() === prefix)) wrong.push(`does not list ${prefix}`);
  }
  return wrong.map((clause) => `prevResult ${clause}`);
}

/** Destinations of its default routes that go the way that was told. */
export function toldDefaultRoutes({ routes }: PrevResult, { addresses }: PodLinks): Set<string> {
  return new Set(
    addresses
      .filter(({ defaultRoute, gateway }) =>
        (routes ?? []).some(({ dst, gw }) => dst === defaultRoute && (gw ?? gateway) === gateway),
      )
      .map(({ defaultRoute }) => defaultRoute),
  );
}

function isSet(text: string | undefined): text is string {
  return text !== undefined && text !== "";
}
