/** Clusters that are peers: for each an embedded API server and a controller; nodes are streams with a node's certificate. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endpointSlice, service } from "@carrick/lab";
import { follow, type Following } from "../../packages/agent/src/mesh/follow.ts";
import { NodeTables } from "../../packages/agent/src/mesh/node-tables.ts";
import { freePort } from "../../packages/lab/src/process/index.ts";
import { type Authority, createAuthority } from "../../packages/lab/src/trust/index.ts";
import { type BedCluster, openCluster } from "../e2e/cluster.ts";
import { type BedReplica, DOMAIN, openReplica } from "../e2e/replica.ts";
import { type Until, waiting } from "../e2e/waiting.ts";

export interface MeshCluster extends BedCluster {
  readonly controller: BedReplica;
  /** A Service with an address, global unless said otherwise, and a slice of endpoints. */
  share(name: string, endpoints: readonly string[], annotations?: Readonly<Record<string, string>>): void;
  /** What a node of the cluster knows; it follows the controllers until the bed closes. */
  node(tables?: NodeTables): Promise<MeshNode>;
}

export interface MeshNode {
  readonly tables: NodeTables;
  readonly following: Following;
  /** Addresses of the image of port `http` of a Service in namespace `shop`, sorted; undefined where there is no image. */
  endpoints(service: string): string[] | undefined;
}

export interface MeshBed {
  readonly authority: Authority;
  readonly folder: string;
  readonly clusters: Readonly<Record<string, MeshCluster>>;
  readonly until: Until;
  [Symbol.asyncDispose](): Promise<void>;
}

const GLOBAL = { "carrick.dev/global": "true" };

/** Cluster i has the pods 10.(10+i).0.0/16 and the Services 10.(95+i).0.0/16. */
export async function openMesh(names: readonly string[], options: { readonly cache?: boolean } = {}): Promise<MeshBed> {
  const folder = mkdtempSync(join(tmpdir(), "carrick-mesh-"));
  const stack = new AsyncDisposableStack();
  const followings = new Set<Following>();
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  try {
    const authority = await createAuthority("mesh");
    writeFileSync(join(folder, "ca.pem"), authority.certPem);
    const podPort = await freePort(["127.0.0.1"]);
    const ports = new Map<string, number>();
    for (const name of names) ports.set(name, await freePort(["127.0.0.1"]));
    const clusters: Record<string, MeshCluster> = {};
    for (const [i, name] of names.entries()) {
      const index = i + 1;
      const cluster = await openCluster({ name, index, folder, authority, podPort, stack, pods: 1 });
      const peers = names.flatMap((other, j) =>
        other === name
          ? []
          : [{ name: other, servers: [{ address: "127.0.0.1", port: ports.get(other)! }], podCidrs: [podCidr(j + 1)] }],
      );
      const controller = await openReplica({
        name: `controller-${name}`,
        cluster: name,
        folder,
        authority,
        xdsPort: ports.get(name)!,
        config: () => ({
          clusters: [{ name, kubernetes: { kubeconfig: `${name}.kubeconfig` } }],
          mesh: { cluster: name, podCidrs: [podCidr(index)], peers },
          ...(options.cache === true && { cache: `cache-${name}` }),
        }),
        stack,
      });
      let addresses = 0;
      const given = new Map<string, string>();
      clusters[name] = {
        ...cluster,
        controller,
        share: (serviceName, endpoints, annotations = GLOBAL) => {
          const address = given.get(serviceName) ?? `10.${95 + index}.0.${++addresses}`;
          given.set(serviceName, address);
          const ports = [{ name: "http", port: 80 }];
          cluster.apply(
            service({ name: serviceName, namespace: "shop", annotations, ports, clusterIPs: [address] }),
            endpointSlice({
              name: `${serviceName}-1`,
              namespace: "shop",
              service: serviceName,
              endpoints,
              ports: [{ name: "http", port: 8080 }],
            }),
          );
        },
        node: async (tables = new NodeTables(name, { allowLoopback: false })) => {
          const uri = `spiffe://${DOMAIN}/cluster/${name}/node/n1`;
          const { certPem, keyPem } = await authority.issue({ uris: [uri] });
          const following = follow({
            cluster: name,
            servers: [{ address: "127.0.0.1", port: controller.xdsPort }],
            domain: DOMAIN,
            tls: () => ({ certificate: certPem, key: keyPem, authority: authority.certPem }),
            tables,
          });
          followings.add(following);
          return { tables, following, endpoints: (serviceName) => endpointsOf(tables, serviceName) };
        },
      };
    }
    const until = waiting(() =>
      Object.values(clusters)
        .map(({ controller: { process } }) => readFileSync(process.now.logPath, "utf8").slice(-2000))
        .join("\n"),
    );
    stack.defer(() => {
      for (const following of followings) following.close();
    });
    const kept = stack.move();
    return { authority, folder, clusters, until, [Symbol.asyncDispose]: () => kept.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

function podCidr(index: number): string {
  return `10.${10 + index}.0.0/16`;
}

function endpointsOf({ images }: NodeTables, name: string): string[] | undefined {
  return images
    .get(`shop/${name}:http/TCP/4`)
    ?.groups.flatMap(({ endpoints }) => endpoints.map(({ address }) => address))
    .sort();
}
