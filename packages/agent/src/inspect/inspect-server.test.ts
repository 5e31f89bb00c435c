import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import type { KernelReport } from "@carrick/core/report";
import { Bed, frontend, group, service, startWriter } from "../bpf/fixture.ts";
import { startInspect } from "./inspect-server.ts";

interface Answered {
  readonly status: number | undefined;
  readonly body: KernelReport & { readonly error?: string };
}

async function ask(socketPath: string, path: string, method = "GET"): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request({ socketPath, path, method }, resolve).on("error", reject).end();
  const response = await promise;
  return { status: response.statusCode, body: JSON.parse(await text(response)) as Answered["body"] };
}

const CLUSTERS = ["", "london", "paris"];

test("the maps are read when it is asked: frontends, groups with the health of their clusters, and what is nobody's", async () => {
  await using bed = new Bed();
  const { maps, publisher, health } = await startWriter(bed.load());
  const folder = mkdtempSync(join(tmpdir(), "carrick-inspect-"));
  const path = join(folder, "s");
  const nameOf = (index: number) => CLUSTERS[index];
  const options = { path, cluster: "london", node: "n1", services: maps, clusterName: nameOf, onProblem: assert.fail };
  const server = await startInspect(options);
  try {
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const groups = [group(["10.1.0.1", "10.1.0.2"]), group(["fd00:1::7"], { cluster: 2, tier: 1, need: 1 })];
    publisher.setService("cart", service(groups, { affinitySeconds: 60 }));
    publisher.setFrontend(frontend("10.96.0.1 80"), "cart");
    publisher.setService("none", service([]));
    publisher.setFrontend(frontend("fd96::2 53", "UDP"), "none");
    health.set(2, { share: 0.5, drain: 0, deadline: 0 });
    await publisher.flush();
    const asked = ["TCP/10.96.0.1/80", "UDP/10.96.0.1/80", "UDP/fd96::2/53", "TCP/10.96.0.9/80"];
    const all = `/v1/frontends?${asked.map((one) => `frontend=${one}`).join("&")}`;
    const { status, body } = await ask(path, all);
    assert.deepEqual([status, body.cluster, body.node], [200, "london", "n1"]);
    assert.deepEqual(
      body.frontends.map(({ address, outcome }) => `${address} ${outcome}`),
      ["10.96.0.1 served", "10.96.0.1 refused", "fd96::2 served", "10.96.0.9 passed"],
    );
    const image = body.frontends[0]!.image!;
    assert.deepEqual([image.affinitySeconds, image.pick], [60, "random"]);
    assert.deepEqual(image.groups, [
      {
        tier: 0,
        cluster: "london",
        weight: 100,
        need: 100,
        health: { share: 1, drain: 1 },
        endpoints: [
          { address: "10.1.0.1", port: 8080 },
          { address: "10.1.0.2", port: 8080 },
        ],
      },
      {
        tier: 1,
        cluster: "paris",
        weight: 100,
        need: 1,
        health: { share: 0.5, drain: 0 },
        endpoints: [{ address: "fd00:1::7", port: 8080 }],
      },
    ]);
    assert.deepEqual(body.frontends[2]!.image!.groups, []);

    publisher.setService("cart", service([group(["10.1.0.3"], { cluster: 9 })]));
    await publisher.flush();
    const later = (await ask(path, all)).body.frontends[0]!.image!;
    assert.notEqual(later.generation, image.generation);
    assert.equal(later.uid, image.uid);
    assert.equal(later.groups[0]!.cluster, "#9");
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test("what is no question is refused, and the socket is gone at the end", async () => {
  await using bed = new Bed();
  const { maps } = await startWriter(bed.load());
  const folder = mkdtempSync(join(tmpdir(), "carrick-inspect-"));
  const path = join(folder, "s");
  const options = {
    path,
    cluster: "london",
    node: "n1",
    services: maps,
    clusterName: () => undefined,
    onProblem: assert.fail,
  };
  const server = await startInspect(options);
  try {
    const status = async (target: string, method?: string) => (await ask(path, target, method)).status;
    assert.equal(await status("/"), 404);
    assert.equal(await status("/v1/frontends", "POST"), 405);
    for (const wrong of ["", "TCP/10.96.0.1/0", "SCTP/10.96.0.1/80", "TCP/999.1.1.1/80", "TCP/10.96.0.1/70000"]) {
      assert.equal(await status(`/v1/frontends?frontend=${wrong}`), 400, wrong);
    }
    const many = Array.from({ length: 65 }, () => "frontend=TCP/10.96.0.1/80").join("&");
    assert.equal(await status(`/v1/frontends?${many}`), 400);
    const next = await startInspect(options);
    await server.close();
    assert.equal(await status("/v1/frontends?frontend=TCP/10.96.0.1/80"), 200, "the one that came after stays");
    await next.close();
    assert.equal(statSync(path, { throwIfNoEntry: false }), undefined);
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
