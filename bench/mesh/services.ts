/** Many Services with their endpoints, and one whose endpoints change. Pure. */
import { endpointSlice, service } from "../../packages/lab/src/objects/index.ts";

/** Of Services and endpoints alike, over TCP. */
export const PORT = 7000;

const NAMESPACE = "apps";
const PORTS = [{ name: "tcp", port: PORT, protocol: "TCP" as const }];
/** Service addresses of the first cluster begin at 10.96, of the second at 10.97. */
const FIRST_RANGE = 96;

/** The address of the `n`-th Service, from 0; those of a range have the same last two bytes in every range. */
export function serviceAddress(n: number, range = FIRST_RANGE): string {
  // .0.1 to .0.255 are left to Services that a benchmark makes beside.
  const host = n + 256;
  return `10.${range}.${host >> 8}.${host & 0xff}`;
}

/** An address where no pod is; another for each number. */
export function absentPod(n: number): string {
  return `10.${200 + (n >> 16)}.${(n >> 8) & 0xff}.${n & 0xff}`;
}

/** A Service and its endpoints. */
export function serviceObjects(n: number, endpoints: readonly string[], range = FIRST_RANGE): object[] {
  const name = `s${n}`;
  return [
    service({ name, namespace: NAMESPACE, ports: PORTS, clusterIPs: [serviceAddress(n, range)] }),
    slice(name, endpoints),
  ];
}

/** A Service that is the same in every cluster, at `10.<range>.0.10`. */
export const GLOBAL = "changing";

export function globalAddress(range = FIRST_RANGE): string {
  return `10.${range}.0.10`;
}

export function globalService(range = FIRST_RANGE): object {
  const annotations = { "carrick.dev/global": "true" };
  return service({
    name: GLOBAL,
    namespace: NAMESPACE,
    annotations,
    ports: PORTS,
    clusterIPs: [globalAddress(range)],
  });
}

export function slice(name: string, endpoints: readonly string[]): object {
  return endpointSlice({ name: `${name}-a`, namespace: NAMESPACE, service: name, endpoints, ports: PORTS });
}
