import { KubeError } from "../kube-error.ts";
import type { Fields } from "../shape.ts";
import { identify } from "./identity.ts";
import type { ReflectedChange } from "./sink.ts";
import { Told } from "./told.ts";

export interface MirrorOptions<T> {
  readonly project: (object: Fields) => T;
  readonly apply: (changes: readonly ReflectedChange<T>[]) => void;
  readonly onMalformed: (reason: string) => void;
  /** More objects than this are refused: the server is not what it should be. */
  readonly maxObjects: number;
}

/**
 * Turns objects into changes. An object is projected at once and not kept; a version that has been
 * told already is passed over. Changes wait until `flush`.
 */
export class Mirror<T> {
  readonly #options: MirrorOptions<T>;
  readonly #told = new Told();
  #changes: ReflectedChange<T>[] = [];

  constructor(options: MirrorOptions<T>) {
    this.#options = options;
  }

  beginList(): void {
    this.#told.beginList();
  }

  /** An object of a list, in which each object stands once. */
  list(object: unknown): void {
    this.#put(object, true);
  }

  /** An object of a watch. */
  put(object: unknown): void {
    this.#put(object, false);
  }

  remove(object: unknown): void {
    const identity = identify(object);
    if ("wrong" in identity) this.#options.onMalformed(identity.wrong);
    else this.forget(identity.key);
  }

  /** The list is complete: gives the keys that it did not show, for `forget`. */
  endList(): string[] {
    return this.#told.endList();
  }

  forget(key: string): void {
    if (!this.#told.has(key)) return;
    this.#told.remove(key);
    this.#changes.push({ key, deleted: true });
  }

  /** Tells the sink what has come since the last time. */
  flush(): void {
    if (this.#changes.length === 0) return;
    const changes = this.#changes;
    this.#changes = [];
    this.#options.apply(changes);
  }

  #put(object: unknown, once: boolean): void {
    const identity = identify(object);
    if ("wrong" in identity) {
      this.#options.onMalformed(identity.wrong);
      return;
    }
    const { key, version } = identity;
    const first = this.#told.see(key);
    if (once && !first) {
      this.#options.onMalformed(`${key} stands in the list twice; the first is used`);
      return;
    }
    if (this.#told.version(key) === version) return;
    if (this.#told.size >= this.#options.maxObjects && !this.#told.has(key)) {
      const most = this.#options.maxObjects;
      throw new KubeError(0, "TooLarge", `there are more than ${most} objects, which is the limit: raise it`);
    }
    const projected = this.#project(object as Fields, key);
    if (projected === undefined) return;
    this.#told.put(key, version);
    this.#changes.push({ key, value: projected.value });
  }

  #project(object: Fields, key: string): { readonly value: T } | undefined {
    try {
      return { value: this.#options.project(object) };
    } catch (error) {
      // Its last value stays; the message could quote the object.
      this.#options.onMalformed(`${key} cannot be read (${error instanceof Error ? error.name : typeof error})`);
      return undefined;
    }
  }
}
