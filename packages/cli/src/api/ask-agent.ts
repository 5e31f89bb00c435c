import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import type { KernelReport } from "@carrick/core/report";
import { z } from "zod";
import { CommandError, EXIT, reasonOf } from "../exit-code.ts";

const MAX_BODY = 16 * 1024 * 1024;
const TIMEOUT_MS = 5000;
/** The agent answers for so many at once. */
const AT_ONCE = 64;

const endpoint = z.object({ address: z.string(), port: z.number() });
const report = z.object({
  cluster: z.string(),
  node: z.string(),
  frontends: z.array(
    z.object({
      address: z.string(),
      port: z.number(),
      protocol: z.enum(["TCP", "UDP"]),
      outcome: z.enum(["served", "refused", "passed"]),
      image: z
        .object({
          uid: z.number(),
          generation: z.number(),
          affinitySeconds: z.number(),
          pick: z.enum(["random", "ring"]),
          groups: z.array(
            z.object({
              tier: z.number(),
              cluster: z.string(),
              weight: z.number(),
              need: z.number(),
              health: z.object({ share: z.number(), drain: z.number() }),
              endpoints: z.array(endpoint),
            }),
          ),
        })
        .exactOptional(),
    }),
  ),
});

const failure = z.object({ error: z.string() });

/** What the kernel of a node holds for these (`TCP/10.96.0.1/80`), at least one, by its agent's socket. Throws a `CommandError`. */
export async function askAgent(socket: string, frontends: readonly string[]): Promise<KernelReport> {
  const answers: KernelReport[] = [];
  for (let at = 0; at < frontends.length; at += AT_ONCE) {
    const query = new URLSearchParams(
      frontends.slice(at, at + AT_ONCE).map((one): [string, string] => ["frontend", one]),
    );
    answers.push(await askOnce(socket, `/v1/frontends?${query.toString()}`));
  }
  return { ...answers[0]!, frontends: answers.flatMap((answer) => answer.frontends) };
}

async function askOnce(socket: string, path: string): Promise<KernelReport> {
  let answer: { readonly status: number; readonly text: string };
  try {
    answer = await get(socket, path);
  } catch (error) {
    throw new CommandError(EXIT.unanswered, `${socket}: ${whyNoAnswer(error)}`, { cause: error });
  }
  let body: unknown;
  try {
    body = JSON.parse(answer.text);
  } catch {
    throw new CommandError(EXIT.unanswered, `${socket}: what answers there is no agent of Carrick`);
  }
  const refused = failure.safeParse(body);
  if (refused.success) {
    const exit = answer.status >= 500 ? EXIT.wrong : EXIT.usage;
    throw new CommandError(exit, `${socket}: ${refused.data.error}`);
  }
  const read = report.safeParse(body);
  if (!read.success)
    throw new CommandError(
      EXIT.unanswered,
      `${socket}: its answer cannot be read (${read.error.issues[0]?.path.join(".")}); use a carrick of the agent's version`,
    );
  return body as KernelReport;
}

async function get(socketPath: string, path: string): Promise<{ readonly status: number; readonly text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request({ socketPath, path, signal: AbortSignal.timeout(TIMEOUT_MS), agent: false }, resolve)
    .on("error", reject)
    .end();
  const response = await promise;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new Error(`its answer is larger than ${MAX_BODY} bytes`);
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() };
}

function whyNoAnswer(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "there is no such socket; give the inspect.sock of the agent's runDir";
  if (code === "ECONNREFUSED") return "no agent listens there any more";
  if (code === "EACCES") return "only root may ask";
  if (error instanceof Error && error.name === "TimeoutError") return `no answer within ${TIMEOUT_MS} ms`;
  return reasonOf(error);
}
