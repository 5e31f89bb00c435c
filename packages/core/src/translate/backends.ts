import { ascii, type AssignmentRow, type BackendSetKey, type EdgeEnvironment, type Fleet } from "../derive/index.ts";
import type { Group, Store, Table } from "../store/index.ts";
import { assignmentBytes } from "./assignment.ts";
import { clusterBytes } from "./cluster.ts";
import { resource, type ResourceRow, sameResource } from "./resource.ts";

const LONGEST_NAME = 48;

/** The name of a backend set in Envoy: the set spelled out, its clusters shortened to a hash where that would be long. */
export function upstreamName(set: string, env: EdgeEnvironment): string {
  if (set.length <= LONGEST_NAME) return set;
  const at = set.indexOf("@");
  const clusters = set.slice(at + 1);
  return `${set.slice(0, at)}@${clusters.split("+").length}-${env.hash(ascii(clusters)).slice(0, 8)}`;
}

export function clusterResources(
  store: Store,
  sets: Table<Group<BackendSetKey>>,
  fleet: Fleet,
  env: EdgeEnvironment,
): Table<ResourceRow> {
  return store.view<Group<BackendSetKey>, ResourceRow>(
    `${fleet.name}/CDS`,
    sets,
    ({ term }) => {
      const name = upstreamName(term, env);
      return [[name, resource(name, clusterBytes(name), false, env)]];
    },
    sameResource,
  );
}

/** What stands for a backend set that is gone: Envoy ignores the removal of endpoints that it has loaded. */
export function emptyAssignment(name: string, env: EdgeEnvironment): ResourceRow {
  return resource(name, assignmentBytes(name, { groups: [], notes: [] }), false, env);
}

export function assignmentResources(
  store: Store,
  assignments: Table<AssignmentRow>,
  fleet: Fleet,
  env: EdgeEnvironment,
): Table<ResourceRow> {
  return store.view<AssignmentRow, ResourceRow>(
    `${fleet.name}/EDS`,
    assignments,
    (row) => {
      const name = upstreamName(row.set, env);
      return [[name, resource(name, assignmentBytes(name, row), row.partial, env)]];
    },
    sameResource,
  );
}
