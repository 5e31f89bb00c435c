import { podOf } from "../../../mesh/connects.ts";
import { CART_NAME, HTTP_PORT } from "../../../mesh/index.ts";
import { type Question, seen } from "../../../network/echo-machine.ts";
import type { Checks } from "../../checks.ts";
import type { Step } from "../../step.ts";
import { firstPod, type MeshWorld } from "../world.ts";
import { meets, namesOf } from "./meets.ts";

const WITHIN_MS = 5000;
/** Node, router, node. */
const HOPS = 3;
const PACKETS = 64;
const REQUESTS = 200;

export const oneService: Step<MeshWorld> = {
  number: 8,
  title: "One Service of two clusters, in one hop, with one's own address",
  fault: "paris takes its pods back: carrick.dev/shared is false",

  async run(world, checks, fault) {
    const { london, paris } = world;
    if (fault) paris.declare({ "carrick.dev/global": "true", "carrick.dev/shared": "false" });
    const all = namesOf([...london.pods, ...paris.pods]);
    for (const { name, pods, cart } of [london, paris]) {
      const { pod, machine } = pods[0]!;
      for (const family of ["ipv4", "ipv6"] as const) {
        for (const over of ["tcp", "udp"] as const) {
          const question = { address: cart[family], over };
          const called = `${over.toUpperCase()} over ${family === "ipv4" ? "IPv4" : "IPv6"}`;
          await checks.within(`${called} from ${name}: pods of both answer`, WITHIN_MS, () =>
            meets(machine, question, all),
          );
          const [answer = ""] = await machine.ask(question);
          checks.exactly("   and see the caller's own address", answer.split(" ")[1] ?? "", seen(pod[family]));
        }
      }
    }
    for (const over of ["tcp", "udp"] as const) {
      await checks.within(`${CART_NAME}, ${over.toUpperCase()}`, WITHIN_MS, () =>
        meets(firstPod(london).machine, { address: CART_NAME, over }, all),
      );
    }
    await countHops(world, checks);
    await compareWithEdge(world, checks);
  },
};

/** A packet with too few hops left never arrives; a proxy on the way would send one of its own. */
async function countHops({ london }: MeshWorld, checks: Checks): Promise<void> {
  const { machine } = firstPod(london);
  const byParis = async (ttl: number) => {
    const questions = Array.from({ length: PACKETS }, () =>
      machine.ask({ address: london.cart.ipv4, over: "udp", ttl, wait: 1000 }),
    );
    const answers = (await Promise.all(questions)).map((answer) => podOf(answer.join()) ?? "");
    return answers.filter((name) => name.startsWith("paris")).length;
  };
  checks.atLeast(`answers of paris to packets of ${HOPS + 1} hops: three routers`, await byParis(HOPS + 1), 1, "");
  checks.exactly(`answers of paris to packets of ${HOPS} hops`, await byParis(HOPS), 0);
}

/** The same request from the same pod, straight to a pod of either cluster and through the edge, in turns. */
async function compareWithEdge({ london, edge }: MeshWorld, checks: Checks): Promise<void> {
  const { machine } = firstPod(london);
  const straight: Question = { address: london.cart.ipv4, port: HTTP_PORT, over: "http", host: edge.question.host };
  const ways = [
    { called: "straight", question: straight, times: [] as number[] },
    { called: "through the edge", question: edge.question, times: [] as number[] },
  ];
  for (let i = 0; i < REQUESTS; i++) {
    for (const { question, times } of i % 2 === 0 ? ways : ways.toReversed()) {
      const began = performance.now();
      const answer = (await machine.ask(question)).join();
      if (podOf(answer) !== undefined) times.push(performance.now() - began);
    }
  }
  for (const { called, times } of ways) {
    const median = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
    const figure = `${times.length} of ${REQUESTS}, ${median.toFixed(2)} ms`;
    checks.holds(`HTTP ${called}: answered, median`, times.length === REQUESTS, figure, `${REQUESTS} answered`);
  }
}
