/** Changes as a team makes them: one write to one API server, and how a client of the edge sees it. */
import { setTimeout as delay } from "node:timers/promises";
import { resourcePath } from "@carrick/kube";
import { now } from "../../packages/lab/src/load/index.ts";
import {
  clusterName,
  hostName,
  ingress,
  KNOWN_SERVICE,
  type Manifest,
  NAMESPACE,
  podName,
  service,
  slice,
  SPARE_POD,
  tlsSecret,
  WILDCARD_SECRET,
} from "../world/objects.ts";
import { type Answer, Sampler, type Seen } from "../world/sampler.ts";
import type { World } from "../world/world.ts";

export interface Change {
  /** What has to be there before and changes nothing at the edge. */
  prepare?(): Promise<void>;
  /** The one write. */
  write(): Promise<unknown>;
  /** Throws when a client sees it already, so that the first sight is that of the write. */
  unseen(): Promise<void>;
  /** Resolves when a client sees it. Called just before the write. */
  seen(): Promise<Seen>;
}

const LONGEST_MS = 30_000;
/** Handshakes that are refused cost more than requests. */
const HANDSHAKE_PACE_MS = 2;

const INGRESSES = { group: "networking.k8s.io", version: "v1", plural: "ingresses", namespace: NAMESPACE };
const SLICES = { group: "discovery.k8s.io", version: "v1", plural: "endpointslices", namespace: NAMESPACE };
const SERVICES = { group: "", version: "v1", plural: "services", namespace: NAMESPACE };
const SECRETS = { group: "", version: "v1", plural: "secrets", namespace: NAMESPACE };

/** Makes the changes of one world. Everything that they add is named after `run`, and removed by `undo`. */
export class Changes {
  readonly #world: World;
  readonly #sampler: Sampler;
  readonly #run: string;
  readonly #undo = new Set<string>();
  #made = 0;

  constructor(world: World, sampler: Sampler, run: string) {
    this.#world = world;
    this.#sampler = sampler;
    this.#run = run;
  }

  /** A new host for a Service that other hosts have, and under a certificate that others have. */
  hosts(count: number): Change[] {
    return this.#names(count).map((name) =>
      this.#host(hostName(name), ingress(name, hostName(name), KNOWN_SERVICE, this.#secret())),
    );
  }

  /** A new host that takes every name of one label. Plain HTTP: no certificate is for such names. */
  wildcardHosts(count: number): Change[] {
    return this.#names(count).map((name) =>
      this.#host(hostName(`any.${name}`), ingress(name, `*.${hostName(name)}`, KNOWN_SERVICE)),
    );
  }

  /** A new host with a new Service. */
  hostsWithService(count: number): Change[] {
    return this.#names(count).map((name) => ({
      ...this.#host(hostName(name), ingress(name, hostName(name), name, this.#secret())),
      prepare: async () => {
        const [first, second] = service(name, 1, [1], this.#world.podPort);
        await this.#create(SERVICES, first!);
        await this.#create(SLICES, second!);
      },
    }));
  }

  /** A new host with a certificate of its own. */
  async hostsWithCertificate(count: number): Promise<Change[]> {
    const { authority, https } = this.#world;
    return Promise.all(
      this.#names(count).map(async (name) => {
        // Not under the domain of the shared certificate: its chain would take the name until then.
        const host = `${name}.other.example`;
        const pair = await authority.issue({ dnsNames: [host], usages: ["server"] });
        return {
          prepare: () => this.#create(SECRETS, tlsSecret(name, pair)),
          write: () => this.#create(INGRESSES, ingress(name, host, KNOWN_SERVICE, name)),
          unseen: async () => {
            if (await handshakes(https, host)) throw new Error(`${host}: is served before the change`);
          },
          seen: () => firstHandshake(https, host),
        };
      }),
    );
  }

  /** An endpoint of a Service with `size` of them is replaced, there and back. `count` is even. */
  endpoints(count: number, size: number): Change[] {
    const name = `set-${size}`;
    const rest = Array.from({ length: size - 1 }, (_, i) => i + 2);
    return Array.from({ length: count }, (_, i) => {
      const pod = i % 2 === 0 ? SPARE_POD : 1;
      const next = slice(name, 1, [pod, ...rest], this.#world.podPort);
      return this.#change(
        hostName(name),
        (answer) => answer.pod === podName(pod),
        () => this.#world.client.update(resourcePath(SLICES, name), next),
      );
    });
  }

  /** Removes what was added. */
  async undo(): Promise<void> {
    const paths = [...this.#undo].reverse();
    this.#undo.clear();
    // Ingresses were added last and go first, so that no host ever stands without its Service.
    for (const path of paths) await this.#world.client.remove(path);
  }

  #host(host: string, object: Manifest): Change {
    return this.#change(
      host,
      ({ status }) => status === 200,
      () => this.#create(INGRESSES, object),
    );
  }

  #change(host: string, done: (answer: Answer) => boolean, write: () => Promise<unknown>): Change {
    const right = (answer: Answer): boolean => done(answer) && answer.cluster === clusterName(1);
    return {
      write,
      unseen: async () => {
        if (right(await this.#sampler.ask(host))) throw new Error(`${host}: is as it shall be before the change`);
      },
      seen: () => this.#sampler.until(host, right, LONGEST_MS),
    };
  }

  #names(count: number): string[] {
    return Array.from({ length: count }, () => `n${this.#run}-${this.#made++}`);
  }

  #secret(): string | undefined {
    return this.#world.shape.https ? WILDCARD_SECRET : undefined;
  }

  async #create(resource: Parameters<typeof resourcePath>[0], object: Manifest): Promise<void> {
    await this.#world.client.create(resourcePath(resource), object);
    this.#undo.add(resourcePath(resource, object.metadata.name));
  }
}

async function firstHandshake(edge: World["https"], host: string): Promise<Seen> {
  const deadline = now() + LONGEST_MS;
  for (let before = now(); ;) {
    const began = now();
    if (await handshakes(edge, host)) return { at: now(), intervalMs: began - before };
    if (began > deadline) throw new Error(`${host}: not within ${LONGEST_MS} ms`);
    before = began;
    await delay(HANDSHAKE_PACE_MS);
  }
}

/** Whether a new connection for the name is served. While no filter chain is for the name, Envoy closes it. */
async function handshakes(edge: World["https"], host: string): Promise<boolean> {
  try {
    const sampler = await Sampler.connect(edge, host);
    const { status } = await sampler.ask(host).finally(() => sampler.close());
    return status === 200;
  } catch {
    // Closed by Envoy; for anything else that goes wrong, the deadline comes.
    return false;
  }
}
