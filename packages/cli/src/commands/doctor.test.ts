import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type ApiServer, type ApiServerOptions, startApiServer } from "@carrick/lab";
import { stringify } from "yaml";
import { freePort } from "../../../lab/src/process/index.ts";
import { createAuthority, controllerName } from "../../../lab/src/trust/index.ts";
import { CLUSTER_CRD } from "../crds/cluster-crd.ts";
import type { Check } from "@carrick/core/report";
import { EXIT } from "../exit-code.ts";
import { EMPTY_STATUS, answering, captured, json, pemFiles, temporaryFolder } from "../fixture.ts";

const CONTROLLER = [
  process.execPath,
  "--conditions=source",
  fileURLToPath(new URL("../../../controller/src/main.ts", import.meta.url)),
];
const ENVOY = fileURLToPath(new URL("../../../../.tool/envoy", import.meta.url));
const DAY_MS = 86_400_000;

interface How {
  readonly now?: () => number;
  /** Without the controller's program, whose start takes a second. */
  readonly alone?: boolean;
}

interface Ward extends AsyncDisposable {
  readonly folder: string;
  readonly london: ApiServer;
  readonly config: Record<string, unknown>;
  /** Findings of `carrick doctor`, and its exit code. */
  examine(config: object | string, how?: How): Promise<{ readonly code: number; readonly checks: Check[] }>;
}

/** A controller's configuration that is right, with one cluster on an API server and one in a folder, and a controller that answers. */
async function ward(options: Partial<ApiServerOptions> = {}): Promise<Ward> {
  const folder = temporaryFolder();
  const london = await startApiServer({ name: "london", ...options });
  london.objects.apply(CLUSTER_CRD);
  writeFileSync(join(folder.path, "kubeconfig"), london.kubeconfig());
  mkdirSync(join(folder.path, "objects"));
  const names = { uris: [controllerName("carrick.local", "london")] };
  const { certificate, key, authority } = await pemFiles(folder.path, await createAuthority("mesh"), names);
  const port = await freePort(["127.0.0.1"]);
  const controller = await answering(json(EMPTY_STATUS));
  const config = {
    listen: { xds: { address: "127.0.0.1", port } },
    tls: { certificate, key, authority },
    clusters: [
      { name: "london", kubernetes: { kubeconfig: "kubeconfig", context: "london" } },
      { name: "here", files: "objects" },
    ],
    edges: [{ name: "public", classes: ["carrick"], http: { address: "127.0.0.1", port: 80 } }],
  };
  return {
    folder: folder.path,
    london,
    config,
    examine: async (written, { now = Date.now, alone = false } = {}) => {
      const file = join(folder.path, "controller.yaml");
      writeFileSync(file, typeof written === "string" ? written : stringify(written));
      const args = ["doctor", "-o", "json", "--config", file, "--controller", controller.url];
      const { code, stdout } = await captured(args, {
        env: { ENVOY },
        now,
        ...(!alone && { controllerProgram: CONTROLLER }),
      });
      return { code, checks: JSON.parse(stdout).checks };
    },
    [Symbol.asyncDispose]: async () => {
      await controller[Symbol.asyncDispose]();
      await london.close();
      folder[Symbol.dispose]();
    },
  };
}

function bad(checks: readonly Check[]): string[] {
  return checks.flatMap(({ area, level, says }) => (level === "ok" ? [] : [`${level} ${area}: ${says}`]));
}

test("all fine: every area is looked at", async () => {
  await using patient = await ward();
  const { code, checks } = await patient.examine(patient.config);
  assert.deepEqual(bad(checks), []);
  assert.equal(code, EXIT.done);
  const areas = new Set(checks.map(({ area }) => area));
  assert.deepEqual(
    [...areas],
    ["machine", "configuration", "certificates", "cluster london", "cluster here", "ports", "controllers"],
  );
});

test("a configuration that is wrong is said by the controller's own program, with line, path and fix", async () => {
  await using patient = await ward();
  const wrong = await patient.examine({ ...patient.config, endpoints: { allowLopback: true } });
  assert.equal(wrong.code, EXIT.wrong);
  const [only, ...more] = bad(wrong.checks);
  assert.deepEqual(more, []);
  assert.match(
    only ?? "",
    /^problem configuration: .*controller\.yaml:\d+: endpoints\.allowLopback: is no setting of Carrick/,
  );
  const broken = await patient.examine("clusters: [");
  assert.match(bad(broken.checks).join(), /^problem configuration: .*controller\.yaml:1: is not YAML/);
  const unchecked = bad((await patient.examine(patient.config, { alone: true })).checks);
  assert.match(
    unchecked.join(),
    /^warning configuration: .*only read in part, for the controller's program is not at hand$/,
  );
  const shapeless = await patient.examine("clusters: 7");
  assert.match(bad(shapeless.checks).join(), /^problem configuration: .*controller\.yaml: clusters: /);
});

test("a certificate for somebody else, one that ends, one whose key is gone", async () => {
  await using patient = await ward();
  const soon = await patient.examine(patient.config, { alone: true, now: () => Date.now() + 20 * DAY_MS });
  assert.match(bad(soon.checks).join("\n"), /^warning certificates: .*own\.pem: expires in 9 days, at /m);
  const authority = await createAuthority("mesh");
  const edge = await pemFiles(
    patient.folder,
    authority,
    { uris: ["spiffe://carrick.local/cluster/c/edge/f/e"] },
    "edge",
  );
  const foreign = await patient.examine({ ...patient.config, tls: edge }, { alone: true });
  assert.match(
    bad(foreign.checks).join("\n"),
    /^problem certificates: .*names spiffe:.*\/edge\/f\/e, not a controller of carrick\.local$/m,
  );
  const gone = await patient.examine({ ...patient.config, tls: { ...edge, key: "/absent" } });
  const [only, ...more] = bad(gone.checks);
  assert.deepEqual(more, []);
  assert.match(only ?? "", /^problem certificates: \/absent: the key cannot be read/);
});

test("a cluster that is down, forbids, lacks the definition, lives in another time; a folder that is not there", async () => {
  await using patient = await ward({ tokens: ["let-me-in"] });
  const london = async (now = Date.now) =>
    bad((await patient.examine(patient.config, { alone: true, now })).checks).filter((line) =>
      line.includes(" cluster "),
    );
  assert.deepEqual(await london(), []);
  assert.deepEqual(await london(() => Date.now() - DAY_MS - 60_000), [
    "problem cluster london: its clock is 1 d ahead of ours",
  ]);
  const forbidden = patient.london.faults.add({ effect: { kind: "status", code: 403 }, path: /\/(ingresses|secrets)/ });
  assert.deepEqual(await london(), [
    "problem cluster london: may not list ingresses",
    "warning cluster london: may not list secrets in every namespace",
  ]);
  forbidden.remove();
  patient.london.objects.delete({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    name: "clusters.carrick.dev",
  });
  assert.deepEqual(await london(), [
    "warning cluster london: does not have the definition of Cluster (carrick.dev/v1), so it cannot be drained",
  ]);
  patient.london.tokens.replace([]);
  assert.match((await london()).join(), /^problem cluster london: .*401 Unauthorized/);
  await patient.london.close();
  assert.match((await london()).join(), /^problem cluster london: .*nothing listens there \(ECONNREFUSED\)/);
  const { checks } = await patient.examine({ ...patient.config, clusters: [{ name: "here", files: "absent" }] });
  assert.match(bad(checks).join(), /^problem cluster here: .*\/absent: cannot be read/);
});

test("without --controller the one of the configuration is asked; off the loopback it needs a certificate", async () => {
  await using patient = await ward();
  const file = join(patient.folder, "controller.yaml");
  const listen = { xds: { address: "127.0.0.1", port: 2 }, api: { address: "0.0.0.0", port: 1 } };
  writeFileSync(file, stringify({ ...patient.config, listen }));
  const { code, stdout } = await captured(["doctor", "--config", file, "-o", "json"], { env: { ENVOY } });
  assert.equal(code, EXIT.wrong);
  assert.match(
    bad(JSON.parse(stdout).checks).join("\n"),
    /^problem controllers: https:\/\/127\.0\.0\.1:1: controllers ask for a certificate; give --certificate/m,
  );
});

test("without a configuration: this machine and the controller; text with fixes; exit 1", async () => {
  const { code, stdout } = await captured(["doctor", "--controller", "http://127.0.0.1:1"], {
    env: { ENVOY: "/absent" },
  });
  assert.equal(code, EXIT.wrong);
  const [version] = process.version.slice(1).split("-");
  assert.equal(
    stdout,
    `machine
  ok       Node ${version}
  problem  /absent (ENVOY) is no program that can be run
           fix: run \`make setup\`, or set ENVOY to an Envoy 1.33 or newer
controllers
  problem  http://127.0.0.1:1: nothing listens there
           fix: start it, or name another with --controller or
           CARRICK_CONTROLLER

3 checks: 2 problems.
`,
  );
});
