import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ClusterStatus, EnvoyStatus, StatusReport } from "@carrick/core/report";
import { type ApiServer, startApiServer } from "@carrick/lab";
import { CLUSTER_CRD } from "../crds/cluster-crd.ts";
import { EXIT } from "../exit-code.ts";
import { EMPTY_STATUS, answering, captured, json, temporaryFolder } from "../fixture.ts";

interface Paris extends AsyncDisposable {
  readonly server: ApiServer;
  readonly folder: string;
  readonly kubeconfig: string;
  /** The object, or nothing. */
  self(): unknown;
}

/** An API server named `paris`, with the definition unless said otherwise. */
async function paris(defined = true): Promise<Paris> {
  const folder = temporaryFolder();
  const server = await startApiServer({ name: "paris", tokens: ["let-me-in"] });
  if (defined) server.objects.apply(CLUSTER_CRD);
  const kubeconfig = join(folder.path, "kubeconfig");
  writeFileSync(kubeconfig, server.kubeconfig());
  return {
    server,
    folder: folder.path,
    kubeconfig,
    self: () => {
      const found = server.objects.get({ apiVersion: "carrick.dev/v1", kind: "Cluster", name: "self" });
      return found && { annotations: found.metadata["annotations"], spec: found["spec"] };
    },
    [Symbol.asyncDispose]: async () => {
      await server.close();
      folder[Symbol.dispose]();
    },
  };
}

function cluster(name: string, change: Partial<ClusterStatus> = {}): ClusterStatus {
  return { name, from: "", state: "fresh", drain: false, weight: 1, kinds: [], problems: [], ...change };
}

function envoy(pending: number): EnvoyStatus {
  return { name: "e1", cluster: "london", connectedSince: 1, pending, refused: [], bytesSent: 0 };
}

function report(clusters: ClusterStatus[], envoys: EnvoyStatus[] = []): StatusReport {
  return { ...EMPTY_STATUS, clusters, fleets: [{ name: "public", hosts: 0, resources: {}, envoys }] };
}

const BOTH = report([cluster("london"), cluster("paris")]);

test("drain writes the record, waits until a replica shows it and its Envoy has taken it; undrain takes it back", async () => {
  await using there = await paris();
  const drained = () =>
    Reflect.get(
      there.server.objects.get({ apiVersion: "carrick.dev/v1", kind: "Cluster", name: "self" }) ?? {},
      "spec",
    );
  let asked = 0;
  await using controller = await answering((request, response) => {
    asked += 1;
    const drain = Reflect.get(drained() ?? {}, "drain") === true;
    const answer = report([cluster("london"), cluster("paris", { drain })], [envoy(asked % 3 === 0 ? 0 : 4)]);
    json(answer)(request, response);
  });
  const flags = ["--kubeconfig", there.kubeconfig, "--controller", controller.url];
  const world = { pause: async () => undefined };

  const drain = await captured(["drain", "paris", "--reason", "kernel upgrade", ...flags], world);
  assert.deepEqual(drain, {
    code: EXIT.done,
    stdout: "paris is drained; 1 Envoy has taken it\n",
    stderr: "",
  });
  assert.equal(asked, 3);
  assert.deepEqual(there.self(), {
    annotations: { "carrick.dev/drain-reason": "kernel upgrade" },
    spec: { drain: true },
  });

  const again = await captured(["drain", "paris", ...flags, "-o", "json"], world);
  assert.equal(again.code, EXIT.done);
  assert.deepEqual(JSON.parse(again.stdout), {
    cluster: "paris",
    drain: true,
    changed: false,
    taken: ["public/e1"],
    pending: [],
    waiting: [],
    silent: [],
    envoys: "taken",
  });

  const undrain = await captured(["undrain", "paris", ...flags], world);
  assert.equal(undrain.stdout, "paris is in service; 1 Envoy has taken it\n");
  assert.deepEqual(there.self(), { annotations: {}, spec: { drain: false } });
});

test("everything else in the object stays", async () => {
  await using there = await paris();
  await using controller = await answering(json(BOTH));
  there.server.objects.apply({
    apiVersion: "carrick.dev/v1",
    kind: "Cluster",
    metadata: { name: "self", annotations: { team: "shop" } },
    spec: { weight: 3 },
  });
  const flags = ["--kubeconfig", there.kubeconfig, "--controller", controller.url, "--no-wait"];
  const { code, stdout } = await captured(["drain", "paris", ...flags]);
  assert.deepEqual(
    [code, stdout],
    [EXIT.done, "paris: the drain is written; see carrick status for what the Envoys have\n"],
  );
  assert.deepEqual(there.self(), { annotations: { team: "shop" }, spec: { weight: 3, drain: true } });
});

test("undrain of a cluster that never had a record writes nothing", async () => {
  await using there = await paris();
  await using controller = await answering(json(BOTH));
  const { code, stdout } = await captured([
    "undrain",
    "paris",
    "--kubeconfig",
    there.kubeconfig,
    "--controller",
    controller.url,
  ]);
  assert.deepEqual([code, stdout], [EXIT.done, "paris is already in service; no Envoy is connected\n"]);
  assert.equal(there.self(), undefined);
});

test("the last cluster is not drained, nor one that no controller has, nor without a controller to ask", async () => {
  await using there = await paris();
  await using last = await answering(json(report([cluster("london", { drain: true }), cluster("paris")])));
  const refuses = async (exit: number, sentence: RegExp, name: string, ...flags: string[]) => {
    const { code, stdout, stderr } = await captured(["drain", name, "--kubeconfig", there.kubeconfig, ...flags]);
    assert.deepEqual([code, stdout], [exit, ""]);
    assert.match(stderr, sentence);
    assert.equal(there.self(), undefined);
  };
  await refuses(
    EXIT.refused,
    /^carrick: paris is the last cluster .*\(london is drained; asked a\)/,
    "paris",
    "--controller",
    last.url,
  );
  await refuses(
    EXIT.usage,
    /no controller has a cluster "rome"; use one of london, paris/,
    "rome",
    "--controller",
    last.url,
  );
  const dead = ["--controller", "http://127.0.0.1:1"];
  await refuses(EXIT.unanswered, /nobody knows whether another cluster is left/, "paris", ...dead);

  const forced = await captured(["drain", "paris", "--force", "--kubeconfig", there.kubeconfig, ...dead]);
  assert.equal(forced.code, EXIT.unanswered);
  assert.match(forced.stderr, /^http:\/\/127\.0\.0\.1:1: nothing listens there\n$/);
  assert.deepEqual(there.self(), { annotations: undefined, spec: { drain: true } });
});

test("what is not taken in time is exit 1 with who has not; Ctrl-C stops only the waiting", async () => {
  await using there = await paris();
  await using slow = await answering(json(report([cluster("london"), cluster("paris", { drain: true })], [envoy(2)])));
  await using blind = await answering(json(BOTH));
  const run = (url: string, world = {}) =>
    captured(["drain", "paris", "--timeout", "150ms", "--kubeconfig", there.kubeconfig, "--controller", url], world);
  const late = await run(slow.url);
  assert.equal(late.code, EXIT.wrong);
  assert.match(
    late.stdout,
    /the drain is written, but 0 of 1 Envoys have it, not yet public\/e1; it goes on by itself/,
  );
  const unseen = await run(blind.url);
  assert.match(unseen.stdout, /is written, but a does not show it yet; it goes on by itself, see carrick status/);
  const interruption = AbortSignal.abort();
  const stopped = await run(slow.url, { interruption });
  assert.equal(stopped.code, EXIT.interrupted);
  assert.equal(stopped.stdout, "paris: the drain is written; only the waiting was stopped\n");
});

test("a cluster without the definition: one sentence with the fix", async () => {
  await using there = await paris(false);
  await using controller = await answering(json(BOTH));
  for (const verb of ["drain", "undrain"]) {
    const { code, stderr } = await captured([
      verb,
      "paris",
      "--kubeconfig",
      there.kubeconfig,
      "--controller",
      controller.url,
    ]);
    assert.equal(code, EXIT.usage);
    assert.equal(
      stderr,
      "carrick: paris: its API server does not know clusters.carrick.dev; install it with `carrick crds --apply --context paris`\n",
    );
  }
});

test("the way into the cluster: the configuration's entry, else the context of its name, never another", async () => {
  await using there = await paris();
  await using controller = await answering(json(report([cluster("london"), cluster("paris"), cluster("here")])));
  const config = join(there.folder, "controller.yaml");
  writeFileSync(
    config,
    `clusters:
  - { name: paris, kubernetes: { kubeconfig: kubeconfig } }
  - { name: here, files: ./objects }
`,
  );
  const run = async (name: string, flags: string[], env = {}) =>
    await captured(["drain", name, "--no-wait", "--controller", controller.url, ...flags], { env });
  assert.equal((await run("paris", ["--config", config])).code, EXIT.done);
  assert.equal((await run("paris", [], { CARRICK_CONFIG: config })).code, EXIT.done);
  const files = await run("here", ["--config", config]);
  assert.equal(files.code, EXIT.usage);
  assert.match(files.stderr, /here: is read from .*\/objects and has no API server; set spec\.drain in its object/);
  assert.match((await run("london", ["--config", config])).stderr, /has no cluster "london"; use one of paris, here/);
  const other = await run("london", ["--kubeconfig", there.kubeconfig]);
  assert.equal(other.code, EXIT.usage);
  assert.match(other.stderr, /there is no context "london": use one that is there \(paris\)/);
});

test("an API server that is down, refuses, or does not know us", async () => {
  await using there = await paris();
  await using controller = await answering(json(BOTH));
  const run = () => captured(["drain", "paris", "--kubeconfig", there.kubeconfig, "--controller", controller.url]);
  there.server.faults.add({ effect: { kind: "status", code: 403, message: "you may not" }, count: 1 });
  assert.deepEqual([(await run()).code, there.self()], [EXIT.wrong, undefined]);
  writeFileSync(there.kubeconfig, there.server.kubeconfig().replace("let-me-in", "wrong"));
  const unknown = await run();
  assert.equal(unknown.code, EXIT.usage);
  assert.match(unknown.stderr, /^carrick: paris: .*401 Unauthorized/);
  assert.doesNotMatch(unknown.stderr, /wrong/);
  await there.server.close();
  const down = await run();
  assert.equal(down.code, EXIT.unanswered);
  assert.match(down.stderr, /nothing listens there \(ECONNREFUSED\)/);
});
