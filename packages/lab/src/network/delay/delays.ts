/** Slow lines of a run that is up: each is there as long as its relay runs. */
import {
  addRoute,
  addRule,
  changeLink,
  deleteRule,
  getLink,
  listLinks,
  listRules,
  NamespaceError,
  namespacePath,
  openNamespace,
  type Rtnetlink,
  setLinkUp,
} from "@carrick/agent/net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programArguments } from "../../process/checkout.ts";
import { type Program, startProgram } from "../../process/index.ts";
import { withRunLock } from "../apply/lock.ts";
import { FaultError } from "../fault/fault.ts";
import { namespaceOf } from "../plan/place.ts";
import type { Topology } from "../topology/topology.ts";
import { type Delay, type DelayPlan, describeDelay, MAX_DELAYS, planDelay, slowLink } from "./delay-plan.ts";
import { RELAY_READY } from "./relay.ts";

export interface RunningDelay {
  readonly relay: Program<true>;
  /** Packets that the relay holds are lost. */
  stop(): Promise<void>;
}

/**
 * Leads what goes from one place to another through a relay; open connections too. It ends with this process, however
 * that ends: its link takes the routes with it, and packets go straight again. Throws `FaultError`, `PlaceError`,
 * `ProcessError`.
 */
export function startDelay(topology: Topology, run: string, delay: Delay): Promise<RunningDelay> {
  return withRunLock(run, async () => {
    const plan = planDelay(topology, delay, inRouter(run, freeIndex));
    inRouter(run, (net) => removeRules(net, plan));
    const logs = mkdtempSync(join(tmpdir(), "carrick-lab-relay-"));
    const forget = (): void => rmSync(logs, { recursive: true, force: true });
    const relay = await startRelay(run, plan.link, delay, logs).finally(forget);
    try {
      inRouter(run, (net) => lead(net, plan, delay));
    } catch (error) {
      await relay.kill();
      throw error;
    }
    const stop = async (): Promise<void> => {
      await relay.stop();
      try {
        inRouter(run, (net) => removeRules(net, plan));
      } catch (error) {
        // The run was taken down, and its rules with it.
        if (!(error instanceof NamespaceError)) throw error;
      }
    };
    return { relay, stop };
  });
}

/** Those of all processes: `london/n1 > paris 40 ms`. */
export function listDelays(run: string): string[] {
  return inRouter(run, (net) =>
    listLinks(net)
      .filter(({ name }) => /^slow\d+$/.test(name))
      .map(({ alias }) => alias ?? ""),
  );
}

function startRelay(run: string, link: string, { delayMs }: Delay, logFolder: string): Promise<Program<true>> {
  return startProgram({
    name: link,
    command: process.execPath,
    args: [...programArguments("lab"), "relay", JSON.stringify({ link, delayMs })],
    logFolder,
    place: { namespace: namespacePath(namespaceOf(run, { kind: "router" })) },
    ready: (line) => line === RELAY_READY || undefined,
  });
}

/** Rules last: until the routes stand, nothing comes. */
function lead(net: Rtnetlink, { link, routes, rules }: DelayPlan, delay: Delay): void {
  changeLink(net, link, { alias: describeDelay(delay) });
  setLinkUp(net, link);
  const { index } = getLink(net, link);
  for (const route of routes) addRoute(net, { ...route, link: index });
  for (const rule of rules) addRule(net, rule);
}

/** Rules of a relay that was killed: its link and its routes went with it, so they lead nowhere. */
function removeRules(net: Rtnetlink, { link, table }: DelayPlan): void {
  for (const { action, ...rule } of listRules(net)) {
    if (action === "lookup" && (rule.table === table || rule.inLink === link)) deleteRule(net, rule);
  }
}

function freeIndex(net: Rtnetlink): number {
  const taken = new Set(listLinks(net).map(({ name }) => name));
  for (let index = 1; index <= MAX_DELAYS; index++) if (!taken.has(slowLink(index))) return index;
  throw new FaultError(`${MAX_DELAYS} lines of this run are slow already; end one of them`);
}

function inRouter<T>(run: string, visit: (net: Rtnetlink) => T): T {
  using namespace = openNamespace(namespaceOf(run, { kind: "router" }));
  using net = namespace.rtnetlink();
  return visit(net);
}
