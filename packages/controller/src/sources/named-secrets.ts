import { absentSecret, forbiddenSecret, ingest, type IngestRules, unseenSecret } from "@carrick/core/ingest";
import type { SecretRow } from "@carrick/core/model";
import { type KubeClient, reflect, type Reflector, type ReflectorState } from "@carrick/kube";
import { API_RESOURCES } from "./api-resources.ts";
import { FirstWord } from "./first-word.ts";
import type { RowWriter } from "./kind-writer.ts";
import type { KindState } from "./source.ts";
import { countsOf, NO_COUNTS, sumOfCounts } from "./source-counts.ts";

export interface NamedSecretsOptions {
  readonly cluster: string;
  readonly client: KubeClient;
  readonly rules: IngestRules;
  readonly writers: { readonly Secret: RowWriter<SecretRow> };
  /** Something about the source may have changed. */
  readonly onState: () => void;
}

interface Watched {
  readonly reflector: Reflector;
  state: ReflectorState;
  told: boolean;
  present: boolean;
  /** The right to read it is missing, and its row says so. */
  forbidden: boolean;
  readonly first: FirstWord;
}

/**
 * Watches the Secrets that are named, one by one: the right to read them can then be given by name. A Secret that does
 * not exist is a row that says so; without a row, it has not been looked up yet.
 */
export class NamedSecrets {
  readonly #options: NamedSecretsOptions;
  readonly #watched = new Map<string, Watched>();

  constructor(options: NamedSecretsOptions) {
    this.#options = options;
  }

  /** `names` are `<namespace>/<name>`. */
  want(names: ReadonlySet<string>): void {
    for (const [name, { reflector, first }] of this.#watched) {
      if (names.has(name)) continue;
      reflector.stop();
      first.told();
      this.#watched.delete(name);
      this.#options.writers.Secret.apply([{ key: name, deleted: true }]);
    }
    for (const name of names) if (!this.#watched.has(name)) this.#watch(name);
  }

  /** Resolves when each that is wanted by now has been told, or has failed for the first time. */
  async settled(): Promise<void> {
    await Promise.all([...this.#watched.values()].map((watched) => watched.first.heard));
  }

  state(): KindState {
    const watched = [...this.#watched.values()];
    const known = watched.every((one) => one.told);
    const heard = watched.flatMap(({ state }) => state.heardAt ?? []);
    const failing = watched.find(({ state }) => state.error !== undefined);
    return {
      kind: "Secret",
      known,
      watching: known && watched.every(({ state }) => state.phase === "watching"),
      absent: false,
      fromCopy: false,
      ...(heard.length > 0 && { heardAt: Math.min(...heard) }),
      ...(failing?.state.error !== undefined && { error: failing.state.error.message }),
      counts: watched.map(({ reflector }) => countsOf(reflector.counts)).reduce(sumOfCounts, NO_COUNTS),
    };
  }

  stop(): void {
    for (const { reflector } of this.#watched.values()) reflector.stop();
  }

  #watch(key: string): void {
    const { cluster, client, rules, writers, onState } = this.#options;
    const [namespace = "", name = ""] = key.split("/");
    const absent = () => writers.Secret.apply([{ key, value: absentSecret(cluster, namespace, name) }]);
    const reflector = reflect<SecretRow>({
      client,
      resource: { ...API_RESOURCES.Secret, namespace },
      fieldSelector: `metadata.name=${name}`,
      project: (object) => ingest("Secret", cluster, object, rules),
      onMalformed: () => undefined,
      sink: {
        apply: (changes) => {
          for (const change of changes) {
            watched.present = !("deleted" in change);
            watched.forbidden = false;
            if ("deleted" in change) absent();
            else writers.Secret.apply([change]);
          }
        },
        synced: () => {
          watched.told = true;
          watched.first.told();
          if (!watched.present) absent();
        },
        state: (state) => {
          watched.state = state;
          watched.first.state(state);
          onState();
          if (state.error === undefined || watched.told) return;
          if (state.error.status === 403) {
            if (watched.forbidden) return;
            watched.forbidden = true;
            writers.Secret.apply([{ key, value: forbiddenSecret(cluster, namespace, name) }]);
          } else if (!watched.forbidden) {
            writers.Secret.apply([{ key, value: unseenSecret(cluster, namespace, name, state.error.message) }]);
          }
        },
      },
    });
    const watched: Watched = {
      reflector,
      state: { phase: "connecting", absent: false },
      told: false,
      present: false,
      forbidden: false,
      first: new FirstWord(),
    };
    this.#watched.set(key, watched);
  }
}
