/** What is to be served beside what the kernel of a node holds. */
import type { KernelFrontend, KernelGroup, KernelReport, ServicePortReport } from "@carrick/core/report";

/** A port of a Service, and the kernel's view of it where it was asked. */
export interface PortBeside {
  readonly port: ServicePortReport;
  readonly kernel?: KernelView;
}

export interface KernelView {
  /** Of each address. */
  readonly frontends: readonly KernelFrontend[];
  /** `<address> <port>` of the endpoints that are held. */
  readonly held: ReadonlySet<string>;
  /** Held, and not to be. */
  readonly extra: readonly { readonly address: string; readonly port: number; readonly cluster: string }[];
  /** Where it is not what is to be, one sentence each. */
  readonly differences: readonly string[];
}

/** Frontends of ports, as an agent is asked for them. */
export function frontendTexts(ports: readonly ServicePortReport[]): string[] {
  return ports.flatMap((port) => port.addresses.map((address) => frontendText(port.protocol, address, port.number)));
}

export function placeBeside(ports: readonly ServicePortReport[], kernel: KernelReport | undefined): PortBeside[] {
  if (kernel === undefined) return ports.map((port) => ({ port }));
  const byText = new Map(
    kernel.frontends.map((frontend) => [frontendText(frontend.protocol, frontend.address, frontend.port), frontend]),
  );
  return ports.map((port) => {
    const frontends = port.addresses.flatMap(
      (address) => byText.get(frontendText(port.protocol, address, port.number)) ?? [],
    );
    return { port, kernel: compare(port, frontends) };
  });
}

export function differs({ kernel }: PortBeside): boolean {
  return kernel !== undefined && kernel.differences.length > 0;
}

function frontendText(protocol: string, address: string, port: number): string {
  return `${protocol}/${address}/${port}`;
}

function compare(port: ServicePortReport, frontends: readonly KernelFrontend[]): KernelView {
  const groups = frontends.flatMap(({ image }) => image?.groups ?? []);
  const held = new Set(groups.flatMap(({ endpoints }) => endpoints.map(endpointKey)));
  const wanted = new Set(port.endpoints.flatMap((one) => (one.tier === undefined ? [] : [endpointKey(one)])));
  // What does not fit into the answer is not known to be wanted.
  const extra = port.moreEndpoints > 0 ? [] : extraOf(groups, wanted);
  const missing = [...wanted].filter((key) => !held.has(key)).length;
  return {
    frontends,
    held,
    extra,
    differences: [
      ...frontends.flatMap(({ outcome, address }) =>
        outcome === "served" ? [] : [`it ${SAYS[outcome]} ${address} port ${port.number}`],
      ),
      ...(missing > 0 ? [`it lacks ${missing} of ${wanted.size} endpoints`] : []),
      ...(extra.length > 0 ? [`it has ${extra.length} that ${extra.length === 1 ? "is" : "are"} not to be`] : []),
      ...groupDifferences(port, groups),
    ],
  };
}

const SAYS = { refused: "refuses", passed: "knows nothing of" } as const;

function extraOf(groups: readonly KernelGroup[], wanted: ReadonlySet<string>): KernelView["extra"] {
  const found = new Map<string, KernelView["extra"][number]>();
  for (const { cluster, endpoints } of groups)
    for (const { address, port } of endpoints)
      if (!wanted.has(endpointKey({ address, port })))
        found.set(endpointKey({ address, port }), { address, port, cluster });
  return [...found.values()];
}

/** Order and drain of clusters that both sides have. */
function groupDifferences(port: ServicePortReport, groups: readonly KernelGroup[]): string[] {
  const said = new Set<string>();
  for (const { cluster, tier, health } of groups) {
    const wanted = port.groups.find((group) => group.cluster === cluster);
    if (wanted === undefined) continue;
    if (wanted.tier !== tier) said.add(`it has ${cluster} in tier ${tier}, not ${wanted.tier}`);
    if (wanted.drain !== (health.drain === 0)) said.add(`it has ${cluster} ${wanted.drain ? "in service" : "drained"}`);
  }
  return [...said];
}

export function endpointKey({ address, port }: { readonly address: string; readonly port: number }): string {
  return `${address} ${port}`;
}
