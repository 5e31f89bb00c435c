/** The map `health`: what this node holds of each cluster. One store moves the new flows of a whole cluster. */
import { type ClusterHealth, HEALTHY, healthWord, nextSequence, sequenceOf } from "./health-word.ts";

export class ClusterHealths {
  readonly #words: BigUint64Array;

  /** `words`: memory of the map. A cluster of which nothing was ever said is healthy. */
  constructor(words: BigUint64Array) {
    this.#words = words;
    const healthy = healthWord(HEALTHY, nextSequence(0));
    for (let cluster = 0; cluster < words.length; cluster++) Atomics.compareExchange(words, cluster, 0n, healthy);
  }

  /** Throws `RangeError` on a cluster for which there is no room. */
  set(cluster: number, health: ClusterHealth): void {
    if (!Number.isInteger(cluster) || cluster < 0 || cluster >= this.#words.length)
      throw new RangeError(`cluster ${cluster} has no place in the map health, which has ${this.#words.length}`);
    const sequence = nextSequence(sequenceOf(Atomics.load(this.#words, cluster)));
    Atomics.store(this.#words, cluster, healthWord(health, sequence));
  }
}
