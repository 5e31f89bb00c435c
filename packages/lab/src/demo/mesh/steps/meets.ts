import type { TalkingPod } from "../../../mesh/index.ts";
import { podOf } from "../../../mesh/connects.ts";
import type { Machine, Question } from "../../../network/echo-machine.ts";

/** So many that none of four, which are chosen alike, stays out by chance: 4 x (3/4)^64 is 4e-8. */
const QUESTIONS = 64;

export function namesOf(pods: readonly TalkingPod[]): string {
  return pods
    .map(({ pod }) => pod.name)
    .sort()
    .join(", ");
}

/** Who answers the same question asked again and again: `london-1, paris-1`. Throws when somebody does not. */
export async function answerers(machine: Machine, question: Question): Promise<string> {
  const met = new Set<string>();
  for (let i = 0; i < QUESTIONS; i++) {
    const answer = (await machine.ask({ wait: 1000, ...question })).join();
    const pod = podOf(answer);
    if (pod === undefined) throw new Error(answer || "nothing came");
    met.add(pod);
  }
  return [...met].sort().join(", ");
}

/** Whether exactly these answer; throws with those that do, otherwise. */
export async function meets(machine: Machine, question: Question, names: string): Promise<boolean> {
  const met = await answerers(machine, question);
  if (met !== names) throw new Error(`${met} answered`);
  return true;
}
