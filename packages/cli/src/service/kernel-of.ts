import type { KernelReport, ServicePortReport } from "@carrick/core/report";
import { askAgent } from "../api/ask-agent.ts";
import { frontendTexts } from "./beside.ts";

/** What the kernel holds for these ports, where there is an agent to ask and anything to ask it for. Throws a `CommandError`. */
export async function kernelOf(
  agent: string | undefined,
  ports: readonly ServicePortReport[],
): Promise<KernelReport | undefined> {
  const texts = frontendTexts(ports);
  return agent === undefined || texts.length === 0 ? undefined : await askAgent(agent, texts);
}
