import type { CallReport, Citation } from "@carrick/core/report";
import type { MeshCluster } from "../../../mesh/index.ts";
import { addFaults, around, cut, heal } from "../../../network/index.ts";
import { runCarrick } from "../../carrick-command.ts";
import { distinct } from "../../citations.ts";
import type { Checks } from "../../checks.ts";
import type { Step } from "../../step.ts";
import { firstPod, type MeshWorld } from "../world.ts";
import { answerers, namesOf } from "./meets.ts";

const WITHIN_MS = 5000;

export const explain: Step<MeshWorld> = {
  number: 14,
  title: "`carrick explain` says how a pod's connection goes, and it is so",
  fault: "an endpoint is withdrawn while paris' controllers are cut off",

  async run(world, checks, fault) {
    const { topology, run, london, paris } = world;
    checks.now("carrick explain london:shop/london-1 shop/cart");
    const { steps } = await explained(london);
    const cited = distinct(steps.flatMap(({ because }) => because));
    checks.atLeast("objects of both clusters that it cites", cited.length, 4, "");
    const right = cited.filter((citation) => isThere(world, citation)).length;
    checks.exactly("of them there, london's with that resourceVersion", right, cited.length);
    await saysWhoAnswers(world, checks);
    checks.now("an endpoint of paris is withdrawn");
    if (fault) await addFaults(topology, run, cut(around("paris/cp")));
    try {
      paris.share(paris.pods.slice(0, 1));
      const expected = namesOf([...london.pods, firstPod(paris)]);
      await checks.within("and its answer is another", WITHIN_MS, async () => (await namedBy(world)) === expected);
      await saysWhoAnswers(world, checks);
    } finally {
      await heal(topology, run);
      paris.share(paris.pods);
    }
  },
};

/** The answer, the pods that really answer, and the kernel of the caller's node are the same. */
async function saysWhoAnswers(world: MeshWorld, checks: Checks): Promise<void> {
  const { london } = world;
  const { machine } = firstPod(london);
  const named = await namedBy(world);
  const met = await answerers(machine, { address: london.cart.ipv4, over: "tcp" });
  checks.exactly("   pods that it names are those that answer", named, met);
  const agent = london.nodes[0]!.inspectSocket;
  await checks.within("   and the kernel of the node holds them", WITHIN_MS, async () => {
    const { code } = await runCarrick(["service", "shop/cart", "--agent", agent], {}, london.place);
    return code === 0;
  });
}

async function explained({ place }: MeshCluster): Promise<CallReport> {
  const command = ["explain", "london:shop/london-1", "shop/cart", "--port", "tcp", "--output", "json"];
  const { code, stdout, stderr } = await runCarrick(command, {}, place);
  if (code !== 0) throw new Error(`carrick explain ended with code ${code}: ${stderr.trim()}`);
  const answer = JSON.parse(stdout) as CallReport | { readonly model: CallReport };
  return "model" in answer ? answer.model : answer;
}

/** Names of the pods to which it says that new connections go. */
async function namedBy({ london, paris }: MeshWorld): Promise<string> {
  const { port } = await explained(london);
  const addresses = (port?.endpoints ?? []).flatMap(({ address, share }) => (share > 0 ? [address] : []));
  return namesOf([...london.pods, ...paris.pods].filter(({ pod }) => addresses.includes(pod.ipv4)));
}

const API_VERSIONS: Readonly<Record<string, string>> = {
  EndpointSlice: "discovery.k8s.io/v1",
  Cluster: "carrick.dev/v1",
};

/** Peers do not tell versions of their objects. */
function isThere({ london, paris }: MeshWorld, { cluster, kind, namespace, name, resourceVersion }: Citation): boolean {
  const isOwn = cluster === london.name;
  const { api } = isOwn ? london : paris;
  const apiVersion = API_VERSIONS[kind] ?? "v1";
  const object = api.objects.get({ apiVersion, kind, name, ...(namespace !== "" && { namespace }) });
  return object !== undefined && (isOwn ? object.metadata.resourceVersion : "") === resourceVersion;
}
