/** What several replicas say, with each thing that they say alike said once. */

/** One thing, as one replica says it. */
export type Said<T> = readonly [replica: string, value: T];

export interface Agreed<T> {
  readonly replicas: readonly string[];
  /** What each of them says, in the same order: alike, but perhaps not in what `alike` leaves out. */
  readonly values: readonly [T, ...T[]];
}

/** Values of which `alike` gives the same text are one. They come in the order of the first that says them. */
export function agreed<T>(said: readonly Said<T>[], alike: (value: T) => string): Agreed<T>[] {
  return [...Map.groupBy(said, ([, value]) => alike(value)).values()].map((group) => ({
    replicas: group.map(([replica]) => replica),
    values: group.map(([, value]) => value) as [T, ...T[]],
  }));
}

/** Who says it, or nothing where all of `replicas` do. */
export function whoSays({ replicas }: Agreed<unknown>, all: number): string | undefined {
  return replicas.length === all ? undefined : replicas.join(", ");
}
