import {
  type AdmittedIngress,
  admittedBySecret,
  admittedIngresses,
  type AssignmentRow,
  assignments,
  backendSets,
  CERTIFICATES,
  type ChainRow,
  chains,
  clusterStates,
  type EdgeEnvironment,
  type Finding,
  type Fleet,
  type HostRow,
  hosts,
  HTTP,
  known,
  type KnownRow,
  placements,
  ROUTES,
  type ServerNameRow,
  serverNames,
  type PlanChange,
  type TablePlan,
  TablePlanner,
  tableSlots,
  withFindings,
} from "../derive/index.ts";
import type { ObjectKey, Tables } from "../model/index.ts";
import { same, type Store, type Table } from "../store/index.ts";
import { assignmentResources, clusterResources } from "./backends.ts";
import { listenerResources } from "./listeners.ts";
import { type ResourceRow, TYPE } from "./resource.ts";
import { routeTableResources, scopeResources, virtualHosts } from "./route-tables.ts";
import { secretResources } from "./secrets.ts";

/** Envoys begin to drain when they have a change, which is a little later than it was made. */
const DRAIN_SLACK_MS = 5_000;

/** All resources of one type that a fleet's Envoys are served. */
export interface EdgeType {
  readonly table: Table<ResourceRow>;
  /** Whether a name that is missing is known to be absent. */
  complete(): boolean;
}

/** Everything that is derived for one fleet. */
export interface Edge {
  readonly fleet: Fleet;
  /** By type URL. */
  readonly types: ReadonlyMap<string, EdgeType>;
  readonly admitted: Table<AdmittedIngress>;
  readonly hosts: Table<HostRow>;
  readonly assignments: Table<AssignmentRow>;
  readonly chains: Table<ChainRow>;
  readonly serverNames: Table<ServerNameRow>;
  readonly plans: Table<TablePlan>;
  readonly known: Table<KnownRow>;
  /** One row for each Secret that an Ingress of the fleet names, `<cluster>/<namespace>/<name>`. */
  readonly wantedSecrets: Table<{ readonly term: ObjectKey }>;
  findings(): Finding[];
  /**
   * How hosts are spread over route tables follows their number. To be called after each commit, and at `replanAt`; what
   * it returns is to be run in a commit of its own, before anything is told to clients. `now` in milliseconds.
   */
  replan(now: number): (() => void) | undefined;
  /** When tables will not be needed any more that are only kept for old connections. */
  replanAt(): number | undefined;
  /** To be called once, when what is known after a start has been derived; what it returns is to be run in a commit. */
  open(now: number): () => void;
}

/** Defines the views that lead from the tables of all clusters to the resources of each fleet, and makes the first commit. */
export function defineEdges(store: Store, tables: Tables, fleets: readonly Fleet[], env: EdgeEnvironment): Edge[] {
  const defined = fleets.map((fleet) => defineEdge(store, tables, fleet, env));
  store.commit(() => {
    for (const { fleetRow, edge } of defined) fleetRow.set(edge.fleet.name, edge.fleet);
  });
  for (const { edge } of defined) {
    const plans = edge.replan(0);
    if (plans !== undefined) store.commit(plans);
  }
  return defined.map(({ edge }) => edge);
}

function defineEdge(store: Store, tables: Tables, fleet: Fleet, env: EdgeEnvironment) {
  const fleetRow = store.table<Fleet>(`${fleet.name}/fleet`, [], same);
  const plans = store.table<TablePlan>(`${fleet.name}/plans`, [], same);
  const admitted = admittedIngresses(store, tables, fleet, env);
  const wantedSecrets = store.groups(`${fleet.name}/wanted-secrets`, admitted, admittedBySecret);
  const hostRows = hosts(store, tables, admitted, fleet, env);
  const knownRow = known(store, tables, fleetRow, hostRows, fleet);
  const chainRows = chains(store, tables, hostRows, fleet);
  const names = serverNames(store, chainRows, fleet);
  const placed = placements(store, hostRows, names, fleet);
  const sets = backendSets(store, hostRows, fleet);
  const assigned = assignments(store, tables, sets, clusterStates(store, tables, fleet.name), fleet);
  const routeInputs = {
    hosts: hostRows,
    placements: placed,
    plans,
    slots: tableSlots(store, plans, fleet),
    chains: chainRows,
    known: knownRow,
  };
  const listenerInputs = { fleetRow, chains: chainRows, serverNames: names, plans, known: knownRow };
  const virtualHostRows = virtualHosts(store, routeInputs, fleet, env);

  const routesKnown = () => knownRow.get(ROUTES)?.known === true;
  const certificatesKnown = () => knownRow.get(CERTIFICATES)?.known === true;
  const types = new Map<string, EdgeType>([
    [TYPE.secret, { table: secretResources(store, tables, chainRows, fleet, env), complete: certificatesKnown }],
    [TYPE.cluster, { table: clusterResources(store, sets, fleet, env), complete: routesKnown }],
    [TYPE.assignment, { table: assignmentResources(store, assigned, fleet, env), complete: routesKnown }],
    [TYPE.scope, { table: scopeResources(store, plans, fleet, env), complete: certificatesKnown }],
    [
      TYPE.routeTable,
      { table: routeTableResources(store, virtualHostRows, routeInputs, fleet, env), complete: routesKnown },
    ],
    [TYPE.listener, { table: listenerResources(store, listenerInputs, fleet, env), complete: certificatesKnown }],
  ]);

  const planner = new TablePlanner(fleet.drainMs + DRAIN_SLACK_MS);
  if (fleet.http !== undefined) planner.expect(HTTP);
  store.sink(placed, (changes) => planner.apply(changes));
  store.sink(chainRows, (changes) => {
    for (const { key, old, new: now } of changes) {
      if (old === undefined) planner.expect(key);
      else if (now === undefined) planner.forget(key);
    }
  });
  const write = (changes: readonly PlanChange[]) => () => {
    for (const [chain, plan] of changes) {
      if (plan === undefined) plans.delete(chain);
      else plans.set(chain, plan);
    }
  };
  const replan = (now: number) => {
    const due = planner.due(now, (chain) => plans.get(chain));
    return due.length === 0 ? undefined : write(due);
  };
  const edge: Edge = {
    fleet,
    types,
    admitted,
    hosts: hostRows,
    assignments: assigned,
    chains: chainRows,
    serverNames: names,
    plans,
    known: knownRow,
    wantedSecrets,
    findings: () =>
      [admitted, hostRows].flatMap((table: Table<{ findings: readonly Finding[] }>) =>
        table.by(withFindings, "any").flatMap((row) => row.findings),
      ),
    replan,
    replanAt: () => planner.nextAt(),
    open: (now) => write(planner.open(now, (chain) => plans.get(chain))),
  };
  return { fleetRow, edge };
}
