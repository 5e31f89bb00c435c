import type { ExplainReport, StatusReport } from "@carrick/core/report";
import { z } from "zod";
import { EXIT, CommandError, usageError } from "../exit-code.ts";
import { type Answer, type AskOptions, ask, askFirst, notAController } from "./ask.ts";

const amount = z.number().min(0);
/** An object as it was read. */
export const citation = z.object({
  cluster: z.string(),
  kind: z.string(),
  namespace: z.string(),
  name: z.string(),
  resourceVersion: z.string(),
});

const kindStatus = z.object({
  kind: z.string(),
  state: z.enum(["fresh", "stale", "unknown", "absent"]),
  objects: amount,
  ageMs: amount.exactOptional(),
  error: z.string().exactOptional(),
  fromCache: z.boolean(),
});

const stream = z.object({
  name: z.string(),
  connectedSince: amount,
  pending: amount,
  refused: z.array(z.object({ type: z.string(), name: z.string(), message: z.string() })),
  bytesSent: amount,
});
const node = stream.extend({ lagMs: amount.exactOptional() });

const mesh = z.object({
  cluster: z.string(),
  nodes: z.array(node),
  otherNodes: z.array(z.string()),
  peers: z.array(
    z.object({
      name: z.string(),
      from: z.string(),
      state: z.enum(["fresh", "stale", "unknown"]),
      connectedSince: amount.exactOptional(),
      heardMs: amount.exactOptional(),
      error: z.string().exactOptional(),
      refused: amount,
      followers: z.array(node),
    }),
  ),
});

const status = z.object({
  replica: z.string(),
  version: z.string(),
  started: amount,
  now: amount,
  ready: z.boolean(),
  waitingFor: z.array(z.string()),
  clusters: z.array(
    z.object({
      name: z.string(),
      from: z.string(),
      state: z.enum(["fresh", "stale", "unknown"]),
      drain: z.boolean(),
      weight: amount,
      kinds: z.array(kindStatus),
      problems: z.array(z.string()),
    }),
  ),
  fleets: z.array(
    z.object({
      name: z.string(),
      hosts: amount,
      resources: z.record(z.string(), amount),
      envoys: z.array(stream.extend({ cluster: z.string() })),
      held: z.array(z.string()).exactOptional(),
    }),
  ),
  mesh: mesh.exactOptional(),
  problems: z.array(
    z.object({
      object: citation,
      problem: z.object({ code: z.string(), path: z.string(), message: z.string() }),
      heldVersion: z.string().exactOptional(),
    }),
  ),
  moreProblems: amount,
});

const explanation = z.object({
  url: z.string(),
  fleet: z.string(),
  outcome: z.enum(["routed", "refused", "unknown"]),
  status: amount.exactOptional(),
  steps: z.array(z.object({ what: z.string(), says: z.string(), because: z.array(citation) })),
  endpoints: z.array(
    z.object({
      cluster: z.string(),
      address: z.string(),
      port: amount,
      pod: z.string(),
      node: z.string(),
      share: amount,
    }),
  ),
});

const failure = z.object({ error: z.string() });

/** The status of one controller. Throws a `CommandError`. */
export async function statusOf(controller: URL, options: AskOptions): Promise<StatusReport> {
  return readStatus(await ask(controller, "/v1/status", options));
}

/** The status of the first controller that answers. Throws a `CommandError`. */
export async function firstStatus(controllers: readonly URL[], options: AskOptions): Promise<StatusReport> {
  return readStatus(await askFirst(controllers, "/v1/status", options));
}

/** Asks the first controller that answers where a request goes. Throws a `CommandError`, also for a URL that is none. */
export async function explanationOf(
  controllers: readonly URL[],
  url: string,
  fleet: string | undefined,
  options: AskOptions,
): Promise<ExplainReport> {
  const query = new URLSearchParams({ url, ...(fleet !== undefined && { fleet }) });
  const answer = await askFirst(controllers, `/v1/explain?${query.toString()}`, options);
  if (answer.status !== 200) throw refusalOf(answer);
  checkAnswer(explanation, answer);
  return answer.body as ExplainReport;
}

function readStatus(answer: Answer): StatusReport {
  if (answer.status !== 200) throw refusalOf(answer);
  checkAnswer(status, answer);
  return answer.body as StatusReport;
}

export function refusalOf(answer: Answer): CommandError {
  const said = failure.safeParse(answer.body);
  if (!said.success) return notAController(answer.from);
  if (answer.status === 401 || answer.status === 403) {
    return new CommandError(EXIT.wrong, `${answer.from.origin}: refuses this certificate: ${said.data.error}`);
  }
  return usageError(said.data.error);
}

/** Throws if the answer lacks what this command needs. What a newer controller adds is let through. */
export function checkAnswer(shape: z.ZodType, answer: Answer): void {
  const read = shape.safeParse(answer.body);
  if (read.success) return;
  const [issue] = read.error.issues;
  throw new CommandError(
    EXIT.unanswered,
    `${answer.from.origin}: its answer cannot be read (${issue?.path.join(".")}: ${issue?.message}); use a carrick of the controller's version`,
  );
}
