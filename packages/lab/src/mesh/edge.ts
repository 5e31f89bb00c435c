/** The edge of the lab's network: an Envoy that one cluster's controllers serve, and a client outside. */
import { join } from "node:path";
import { edgeBootstrap } from "@carrick/core/translate";
import { type Envoy, startEnvoy } from "../envoy/index.ts";
import { Machine } from "../network/echo-machine.ts";
import { addressesOf, processPlace } from "../network/index.ts";
import { ingress, ingressClass } from "../objects/index.ts";
import { controllerName, edgeName, writeKeyPair } from "../trust/index.ts";
import { type ControlPlane, controllersOf, DOMAIN, EDGE_PORT, FLEET, type MeshPlace } from "./control-plane.ts";

export const CART_HOST = "cart.example";

export interface MeshEdge {
  readonly envoy: Envoy;
  /** In the namespace of the client. */
  readonly client: Machine;
  /** What the client asks. */
  readonly question: { readonly address: string; readonly port: number; readonly over: "http"; readonly host: string };
}

/** Serves `cart.example` of this cluster; it ends with `stack`. */
export async function startEdge(
  mesh: MeshPlace,
  home: ControlPlane & { readonly name: string },
  stack: AsyncDisposableStack,
): Promise<MeshEdge> {
  const { topology, run, authority, folder } = mesh;
  home.api.objects.apply(ingressClass({ name: "carrick", controller: "carrick.dev/edge" }));
  home.api.objects.apply(
    ingress({
      name: "cart",
      namespace: "shop",
      className: "carrick",
      hosts: [CART_HOST],
      paths: [{ service: "cart", port: "http" }],
    }),
  );
  const name = "envoy";
  const pair = await authority.issue({ uris: [edgeName(DOMAIN, home.name, FLEET, name)], usages: ["client"] });
  const envoy = await startEnvoy({
    name,
    bootstrap: edgeBootstrap({
      node: { id: name, cluster: FLEET },
      controllers: controllersOf(mesh, home.name),
      serverName: controllerName(DOMAIN, home.name),
      tls: { ...writeKeyPair(pair, folder, name), authority: join(folder, "ca.pem") },
    }),
    dir: folder,
    drainTimeSeconds: 1,
    place: processPlace(run, { kind: "edge" }),
  });
  stack.defer(async () => void (await envoy.stop()));
  const client = await Machine.start("client", processPlace(run, { kind: "client" }));
  stack.defer(() => client[Symbol.asyncDispose]());
  const { ipv4: address } = addressesOf(topology, { kind: "edge" });
  return { envoy, client, question: { address, port: EDGE_PORT, over: "http", host: CART_HOST } };
}
