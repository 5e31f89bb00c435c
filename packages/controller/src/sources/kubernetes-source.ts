import { ingest, type IngestRules } from "@carrick/core/ingest";
import { type Kind, KINDS, type RowOf } from "@carrick/core/model";
import { type KubeClient, reflect, type Reflector, type ReflectorState } from "@carrick/kube";
import type { World } from "../world/world.ts";
import { API_RESOURCES, ONLY_OBJECT } from "./api-resources.ts";
import { FirstWord } from "./first-word.ts";
import type { RowWriter } from "./kind-writer.ts";
import { NamedSecrets } from "./named-secrets.ts";
import { countsOf } from "./source-counts.ts";
import type { KindState, Source } from "./source.ts";
import type { Writers } from "./writers.ts";

export interface KubernetesSourceOptions {
  readonly cluster: string;
  readonly client: KubeClient;
  readonly world: World;
  readonly rules: IngestRules;
  /** The writer of each kind, perhaps with the rows of the copy on disk. */
  readonly writers: Writers;
  readonly onMalformed: (kind: Kind, reason: string) => void;
  /** Something about the source may have changed. */
  readonly onState: () => void;
}

/** Watches one cluster through its API server: every kind on its own, Secrets by name. */
export class KubernetesSource implements Source {
  readonly cluster: string;
  readonly settled: Promise<void>;
  readonly #watches: readonly KindWatch[];
  readonly #secrets: NamedSecrets;
  readonly #client: KubeClient;

  constructor(options: KubernetesSourceOptions) {
    this.cluster = options.cluster;
    this.#client = options.client;
    this.#watches = KINDS.filter((kind) => kind !== "Secret").map((kind) => new KindWatch(kind, options));
    this.#secrets = new NamedSecrets(options);
    this.settled = Promise.all(this.#watches.map((watch) => watch.settled)).then(() => undefined);
  }

  get from(): string {
    return this.#client.server ?? this.#client.name;
  }

  secretsSettled(): Promise<void> {
    return this.#secrets.settled();
  }

  kinds(): KindState[] {
    return [...this.#watches.map((watch) => watch.state()), this.#secrets.state()];
  }

  problems(): string[] {
    return [];
  }

  wantSecrets(names: ReadonlySet<string>): void {
    this.#secrets.want(names);
  }

  stop(): void {
    for (const watch of this.#watches) watch.stop();
    this.#secrets.stop();
    this.#client.close();
  }
}

/** The watch of all objects of one kind. */
class KindWatch {
  readonly settled: Promise<void>;
  readonly #kind: Kind;
  readonly #writer: RowWriter<RowOf[Kind]>;
  readonly #reflector: Reflector;
  #state: ReflectorState = { phase: "connecting", absent: false };

  constructor(kind: Kind, { cluster, client, rules, writers, onMalformed, onState }: KubernetesSourceOptions) {
    const first = new FirstWord();
    this.settled = first.heard;
    this.#kind = kind;
    const writer: RowWriter<RowOf[Kind]> = writers[kind];
    this.#writer = writer;
    const only = ONLY_OBJECT[kind];
    this.#reflector = reflect<RowOf[Kind]>({
      client,
      resource: API_RESOURCES[kind],
      ...(only !== undefined && { fieldSelector: `metadata.name=${only}` }),
      project: (object) => ingest(kind, cluster, object, rules),
      onMalformed: (reason) => onMalformed(kind, reason),
      sink: {
        apply: (changes) => writer.apply(changes),
        synced: () => {
          writer.synced();
          first.told();
        },
        state: (state) => {
          this.#state = state;
          first.state(state);
          onState();
        },
      },
    });
  }

  state(): KindState {
    const { phase, absent, heardAt, error } = this.#state;
    return {
      kind: this.#kind,
      known: this.#writer.known,
      watching: phase === "watching" && this.#writer.known,
      absent,
      fromCopy: this.#writer.fromCopy,
      ...(heardAt !== undefined && { heardAt }),
      ...(error !== undefined && { error: error.message }),
      counts: countsOf(this.#reflector.counts),
    };
  }

  stop(): void {
    this.#reflector.stop();
  }
}
