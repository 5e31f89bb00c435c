/** Reads a snapshot: the network of the machine itself, and all that carries the name of the run. */
import { listLinks, listNamespaces, listRoutes, listRules, listRuleset, Rtnetlink } from "@carrick/agent/net";
import { listRunState } from "../apply/run-state.ts";
import { listCgroups, runCgroup } from "../machine/cgroups.ts";
import { readMounts } from "../machine/mounts.ts";
import { listPins, runPins } from "../machine/pins.ts";
import { listProcesses } from "../machine/processes.ts";
import { runPrefix } from "../plan/place.ts";
import type { Snapshot } from "./snapshot.ts";

/** Of one run: others may come and go meanwhile. Throws what cannot be read. */
export async function readSnapshot(run: string): Promise<Snapshot> {
  const prefix = runPrefix(run);
  using net = new Rtnetlink();
  const links = listLinks(net);
  const names = new Map(links.map(({ index, name }) => [index, name]));
  const linkName = (index: number | undefined): string =>
    index === undefined ? "no link" : (names.get(index) ?? `link ${index}`);
  return {
    namespaces: listNamespaces().filter((name) => name.startsWith(prefix)),
    links: links.map(({ name, kind }) => (kind === "" ? name : `${name} (${kind})`)),
    routes: listRoutes(net).map(({ destination, type, via, link, table, priority }) =>
      [type, destination, via, linkName(link), `table ${table}`, `priority ${priority}`].filter(Boolean).join(" "),
    ),
    rules: listRules(net).map((rule) => JSON.stringify(rule)),
    tables: await listTables(),
    pins: listPins(runPins(run)),
    cgroups: listCgroups(runCgroup(run)),
    mounts: readMounts()
      .map(({ path }) => path)
      .filter((path) => path.includes(`/${prefix}`) || path.startsWith(runPins(run))),
    files: listRunState(run),
    processes: listProcesses(run).map(({ pid, command }) => `${pid} ${command}`),
  };
}

async function listTables(): Promise<string[]> {
  const { nftables } = (await listRuleset("list the tables of nftables", ["tables"])) as {
    nftables: { table?: { family: string; name: string } }[];
  };
  return nftables.flatMap(({ table }) => (table === undefined ? [] : [`${table.family} ${table.name}`]));
}
