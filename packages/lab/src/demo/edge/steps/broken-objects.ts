import { exchange, probe, startLoad, tally } from "../../../load/index.ts";
import type { KeyPair } from "../../../trust/index.ts";
import type { Checks } from "../../checks.ts";
import { nameOf } from "../cluster-objects.ts";
import { certificate, type Manifest, route, SHOP } from "../manifests.ts";
import type { Step } from "../../step.ts";
import type { World } from "../world.ts";
import { compare, heldBy } from "./held.ts";

const RATE = 100;
const PAY = "pay.example";
const NAMED_WITHIN_MS = 5000;
const SERVED_WITHIN_MS = 5000;
/** A listener that is removed lives on while it drains. */
const GONE_WITHIN_MS = 10_000;
const TO_WEB = [{ path: "/", service: "web" }] as const;
const GOOD = route("good", "good.example", [{ path: "/", service: "catalog" }]);
/** 300 characters, in labels of legal length. */
const LONG_HOST = `${`${"a".repeat(57)}.`.repeat(5)}xx.example`;

interface Broken {
  readonly what: string;
  /** What `carrick status` has to say of it. */
  readonly code: string;
  readonly manifest: Manifest;
}

export const brokenObjects: Step<World> = {
  number: 4,
  title: "Broken objects hurt only themselves, and are named",
  fault: "paris' API server falls silent: its connections live, but nothing is told on them",

  async run(world, checks, fault) {
    const { paris } = world.clusters;
    const before = await Promise.all(world.edges.map(heldBy));
    const differencesSince = () =>
      Promise.all(world.edges.map(async (edge, i) => compare(before[i]!, await heldBy(edge))));
    const pay = route("pay", PAY, TO_WEB, "pay");
    checks.now(`https://${PAY}, with the certificate that its Ingress names`);
    const names = { dnsNames: [PAY] };
    const [fits, other] = await Promise.all([world.authority.issue(names), world.authority.issue(names)]);
    await paris.objects.put(certificate("pay", fits.certPem, fits.keyPem));
    await paris.objects.put(pay);
    await checks.within(`https://${PAY} is served`, SERVED_WITHIN_MS, () => isServed(world));

    const load = startLoad({ targets: world.edges.map((edge) => edge.target(SHOP)), rate: RATE });
    const broken = brokenManifests(fits, other);
    try {
      if (fault) await paris.silence();
      checks.now(`four broken objects are written to ${paris.name}`);
      for (const { manifest } of broken) await paris.objects.put(manifest);
      await allNamed(world, checks, broken);
      checks.now("a good host is written to the same cluster");
      await paris.objects.put(GOOD);
      const good = probe(world.edges[0].target("good.example"), ({ status }) => status === 200, {
        withinMs: SERVED_WITHIN_MS,
      });
      await checks.within("a good host beside them is served", SERVED_WITHIN_MS, async () => (await good.first).at > 0);
      await checks.within(`https://${PAY}: its last good pair serves`, SERVED_WITHIN_MS, () => isServed(world));
    } finally {
      await load.stop();
    }
    const { requests, failed } = tally(load.records);
    checks.exactly(`requests for ${SHOP} that failed, of ${requests}`, failed, 0);
    for (const manifest of [...broken.map((one) => one.manifest), pay, GOOD]) {
      await paris.objects.remove(nameOf(manifest));
    }
    await checks.within("nothing is left of them when they are deleted", GONE_WITHIN_MS, async () => {
      const reports = await Promise.all(world.replicas.map((replica) => replica.status()));
      const differences = await differencesSince();
      return (
        reports.every(({ problems }) => problems.length === 0) &&
        differences.every(({ lost, added }) => lost + added === 0)
      );
    });
  },
};

function brokenManifests(fits: KeyPair, other: KeyPair): readonly Broken[] {
  const noPath = route("no-path", "path.example", [{ path: "cart", service: "web" }]);
  const noBackend = route("no-backend", "none.example", [{ path: "/", service: "nowhere" }]);
  const wrongKey = certificate("pay", fits.certPem, other.keyPem);
  return [
    { what: "a host of 300 characters", code: "InvalidHost", manifest: route("long-host", LONG_HOST, TO_WEB) },
    { what: "a path that is none", code: "InvalidPath", manifest: noPath },
    { what: "a backend that is not there", code: "UnknownService", manifest: noBackend },
    { what: "a key of another certificate", code: "InvalidCertificate", manifest: wrongKey },
  ];
}

/** Asks as a person would, until everything is there or the time is over. */
async function allNamed(world: World, checks: Checks, broken: readonly Broken[]): Promise<void> {
  const deadline = performance.now() + NAMED_WITHIN_MS;
  let text = "";
  do text = (await world.carrick("status")).stdout;
  while (!broken.every((one) => isNamed(text, one)) && performance.now() < deadline);
  for (const one of broken) {
    const named = isNamed(text, one);
    checks.holds(`status names ${one.what}`, named, named ? one.code : "not there", one.code);
  }
}

/** The object's line is followed, before the next object's, by a problem with that code. */
function isNamed(text: string, { code, manifest }: Broken): boolean {
  const { kind, namespace, name } = nameOf(manifest);
  const object = `paris: ${kind} ${namespace}/${name}`;
  return text
    .split(/\n {2}(?=(?:london|paris): )/)
    .some((said) => said.split(/\s/, 3).join(" ") === object && said.includes(`[${code}]`));
}

/** Over TLS, by every Envoy, with a certificate of the demo's authority. */
async function isServed({ edges, authority }: World): Promise<boolean> {
  const answers = await Promise.all(
    edges.map((edge) => exchange(edge.secureTarget(PAY, "/", authority.certPem), 1000)),
  );
  return answers.every(({ status }) => status === 200);
}
