/** The number of route tables follows the number of hosts: whoever is served meanwhile notices nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ingress } from "@carrick/lab";
import { readConfiguration } from "../../packages/lab/src/demo/edge/edge-configuration.ts";
import { startLoad } from "../../packages/lab/src/load/index.ts";
import { openBed } from "./bed.ts";

test("hosts and wildcards come and go by thousands, through every number of tables: 0 errors at those that stay", async () => {
  await using bed = await openBed({ clusters: ["london"] });
  const london = bed.clusters["london"]!;
  london.publish("web", "web.example");
  const write = (name: string, hosts: readonly string[]) =>
    london.apply(
      ingress({ name, namespace: "shop", className: "carrick", hosts, paths: [{ service: "web", port: "http" }] }),
    );
  write("stay", ["stay.example", "*.wild.example"]);
  const targets = ["web.example", "stay.example", "a.wild.example", "STAY.example"].map((host) => bed.target(host));
  const served = (host: string) => bed.until(`${host} is served`, async () => (await bed.get(host)).status === 200);
  for (const { host } of targets) await served(host);
  const tables = async () =>
    [...readConfiguration(await bed.envoy.configDump()).keys()].filter((name) =>
      name.startsWith("dynamic_route_configs "),
    ).length;

  const load = startLoad({ targets, rate: 400, freshEvery: 3 });
  await load.more(50);
  const steps: readonly (readonly [exact: number, wild: number])[] = [
    [60, 2],
    [100, 2],
    [100, 40],
    [2500, 40],
    [2500, 200],
    [9000, 200],
  ];
  const chunk = 50;
  let [exact, wild] = [0, 0];
  for (const [toExact, toWild] of steps) {
    for (; exact < toExact; exact += chunk)
      write(
        `e-${exact}`,
        Array.from({ length: chunk }, (_, i) => `h${exact + i}.example`),
      );
    for (; wild < toWild; wild += chunk)
      write(
        `w-${wild}`,
        Array.from({ length: chunk }, (_, i) => `*.w${wild + i}.example`),
      );
    await served(`h${exact - 1}.example`);
    await served(`a.w${wild - 1}.example`);
    await load.more(200);
  }
  assert.ok((await tables()) > 500, `${await tables()} tables`);
  for (; exact > 0; exact -= chunk) london.remove("Ingress", `e-${exact - chunk}`);
  for (; wild > 0; wild -= chunk) london.remove("Ingress", `w-${wild - chunk}`);
  await bed.until("one table is left", async () => (await tables()) === 1);
  await load.more(200);

  const wrong = new Map<string, number>();
  for (const { target, status, error } of await load.stop()) {
    const what = `${target} ${error ?? status}`;
    if (status !== 200) wrong.set(what, (wrong.get(what) ?? 0) + 1);
  }
  assert.deepEqual([...wrong], []);
});
