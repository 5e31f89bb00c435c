import { type Kind, KINDS, type ObjectKey, type ObjectRow } from "@carrick/core/model";
import type { ObjectProblem } from "@carrick/core/report";
import type { World } from "./world.ts";

/** All that is wrong with objects: what ingest found in them, and what only shows beside other objects. */
export class ObjectProblems {
  readonly #world: World;
  /** Rows with problems, by kind. */
  readonly #wrong = new Map<Kind, Map<string, ObjectRow>>();

  #others: () => readonly ObjectProblem[] = () => [];

  constructor(world: World) {
    this.#world = world;
    for (const kind of KINDS) {
      const wrong = new Map<string, ObjectRow>();
      this.#wrong.set(kind, wrong);
      world.store.sink<ObjectRow>(world.tables[kind], (changes) => {
        for (const { key, new: now } of changes) {
          if (now?.problems === undefined) wrong.delete(key);
          else wrong.set(key, now);
        }
      });
    }
  }

  /** Adds problems that others know of: resources that an Envoy refused. */
  alsoFrom(others: () => readonly ObjectProblem[]): void {
    this.#others = others;
  }

  /** Sorted by cluster, kind, namespace, name; what several fleets find alike stands once. */
  list(): ObjectProblem[] {
    const found = new Map<string, ObjectProblem>();
    for (const one of [...this.#ofRows(), ...this.#ofFindings(), ...this.#others()]) found.set(sortKey(one), one);
    return [...found].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, problem]) => problem);
  }

  *#ofRows(): Generator<ObjectProblem> {
    for (const [kind, rows] of this.#wrong) {
      for (const { cluster, namespace, name, resourceVersion, heldVersion, problems = [] } of rows.values()) {
        for (const problem of problems) {
          const object = { cluster, kind, namespace, name, resourceVersion };
          yield { object, problem, ...(heldVersion !== undefined && { heldVersion }) };
        }
      }
    }
  }

  *#ofFindings(): Generator<ObjectProblem> {
    for (const edge of this.#world.edges) {
      for (const { object, problem } of edge.findings()) {
        const key = `${object.cluster}/${object.namespace}/${object.name}` as ObjectKey;
        const row: ObjectRow | undefined = this.#world.tables[object.kind].get(key);
        yield { object: { ...object, resourceVersion: row?.resourceVersion ?? "" }, problem };
      }
    }
  }
}

function sortKey({ object, problem }: ObjectProblem): string {
  return [object.cluster, object.kind, object.namespace, object.name, problem.path, problem.code, problem.message].join(
    "\0",
  );
}
