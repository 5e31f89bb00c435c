import type { CallReport, ServiceReport } from "@carrick/core/report";
import { z } from "zod";
import { type AskOptions, askFirst } from "./ask.ts";
import { checkAnswer, citation, refusalOf } from "./answers.ts";

const amount = z.number().min(0);
const sharing = z.object({ shared: z.boolean(), affinity: z.string() });
const servicePort = z.object({
  port: z.string(),
  number: amount,
  protocol: z.enum(["TCP", "UDP"]),
  family: z.union([z.literal(4), z.literal(6)]),
  addresses: z.array(z.string()),
  affinitySeconds: amount,
  partial: z.boolean(),
  drainIgnored: z.boolean(),
  groups: z.array(
    z.object({
      cluster: z.string(),
      tier: amount,
      weight: amount,
      endpoints: amount,
      drain: z.boolean(),
      share: amount,
    }),
  ),
  endpoints: z.array(
    z.object({
      cluster: z.string(),
      address: z.string(),
      port: amount,
      condition: z.enum(["ready", "draining", "notReady"]),
      pod: z.string(),
      node: z.string(),
      tier: amount.exactOptional(),
      share: amount,
    }),
  ),
  moreEndpoints: amount,
});

const report = z.object({
  namespace: z.string(),
  name: z.string(),
  here: z.string(),
  clusters: z.array(
    z.object({
      cluster: z.string(),
      known: z.boolean(),
      drain: z.boolean(),
      weight: amount,
      member: z.boolean(),
      service: z
        .object({
          resourceVersion: z.string(),
          type: z.string(),
          addresses: z.array(z.string()),
          sharing: sharing.exactOptional(),
        })
        .exactOptional(),
    }),
  ),
  ports: z.array(servicePort),
});

const step = z.object({ what: z.string(), says: z.string(), because: z.array(citation) });
const call = z.object({
  client: z.object({ cluster: z.string(), namespace: z.string(), pod: z.string(), node: z.string() }),
  namespace: z.string(),
  service: z.string(),
  outcome: z.enum(["routed", "direct", "refused", "unknown"]),
  steps: z.array(step),
  port: servicePort.exactOptional(),
});

/** Asks the first controller that answers how nodes serve a Service. Throws a `CommandError`, also for one that is not there. */
export async function serviceOf(
  controllers: readonly URL[],
  service: string,
  cluster: string | undefined,
  options: AskOptions,
): Promise<ServiceReport> {
  const query = new URLSearchParams({ service, ...(cluster !== undefined && { cluster }) });
  const answer = await askFirst(controllers, `/v1/service?${query.toString()}`, options);
  if (answer.status !== 200) throw refusalOf(answer);
  checkAnswer(report, answer);
  return answer.body as ServiceReport;
}

/** Asks the first controller that answers how a pod's connection to a Service goes. Throws a `CommandError`. */
export async function callOf(
  controllers: readonly URL[],
  from: string,
  service: string,
  port: string | undefined,
  options: AskOptions,
): Promise<CallReport> {
  const query = new URLSearchParams({ from, service, ...(port !== undefined && { port }) });
  const answer = await askFirst(controllers, `/v1/call?${query.toString()}`, options);
  if (answer.status !== 200) throw refusalOf(answer);
  checkAnswer(call, answer);
  return answer.body as CallReport;
}
