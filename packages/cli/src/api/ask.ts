import { X509Certificate } from "node:crypto";
import { request as plainRequest } from "node:http";
import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import { request as tlsRequest } from "node:https";
import type { PeerCertificate } from "node:tls";
import { uriNames } from "../credentials/pem-files.ts";
import { isController } from "../credentials/spiffe.ts";
import { CommandError, EXIT, reasonOf, usageError } from "../exit-code.ts";
import type { Trust } from "./trust.ts";

export interface AskOptions {
  readonly trust?: Trust | undefined;
  readonly signal?: AbortSignal | undefined;
  /** For the whole answer; default 5,000 ms. */
  readonly timeoutMs?: number | undefined;
}

export interface Answer {
  /** The controller that gave it. */
  readonly from: URL;
  readonly status: number;
  /** Parsed JSON. */
  readonly body: unknown;
}

const MAX_BODY = 64 * 1024 * 1024;

/** One GET to a controller. Throws a `CommandError` when no answer comes or when it is not a controller's. */
export async function ask(controller: URL, path: string, options: AskOptions): Promise<Answer> {
  const timeout = AbortSignal.timeout(options.timeoutMs ?? 5000);
  const signals = options.signal === undefined ? [timeout] : [timeout, options.signal];
  let answer: { readonly status: number; readonly text: string };
  try {
    answer = await get(controller, path, options.trust, AbortSignal.any(signals));
  } catch (error) {
    if (error instanceof CommandError) throw error;
    if (options.signal?.aborted === true) throw options.signal.reason;
    const reason = timeout.aborted ? `no answer within ${options.timeoutMs ?? 5000} ms` : whyNoAnswer(error);
    throw new CommandError(EXIT.unanswered, `${controller.origin}: ${reason}`, { cause: error });
  }
  if (answer.status >= 500) {
    throw new CommandError(EXIT.unanswered, `${controller.origin}: answered ${path} with ${answer.status}`);
  }
  try {
    return { from: controller, status: answer.status, body: JSON.parse(answer.text) };
  } catch {
    throw notAController(controller);
  }
}

export function notAController(controller: URL): CommandError {
  return new CommandError(EXIT.unanswered, `${controller.origin}: what answers there is no Carrick controller`);
}

/** The answer of the first controller that gives one. Throws a `CommandError` that says of each why not. */
export async function askFirst(controllers: readonly URL[], path: string, options: AskOptions): Promise<Answer> {
  const reasons: string[] = [];
  for (const controller of controllers) {
    try {
      return await ask(controller, path, options);
    } catch (error) {
      if (!(error instanceof CommandError) || error.exit !== EXIT.unanswered) throw error;
      reasons.push(error.message);
    }
  }
  throw nobodyAnswers(reasons);
}

/** `reasons` says of each controller why not. */
export function nobodyAnswers(reasons: readonly string[]): CommandError {
  return new CommandError(
    EXIT.unanswered,
    `no controller answers (${reasons.join("; ")}); start one, or name it with --controller or CARRICK_CONTROLLER`,
  );
}

async function get(controller: URL, path: string, trust: Trust | undefined, signal: AbortSignal) {
  const url = new URL(path, controller);
  const options: RequestOptions = { signal, agent: false, headers: { accept: "application/json" } };
  const call = controller.protocol === "https:" ? overTls(url, options, trust) : plainRequest(url, options);
  return await answerOf(call);
}

function overTls(url: URL, options: RequestOptions, trust: Trust | undefined): ClientRequest {
  if (trust === undefined) {
    throw usageError(
      `${url.origin}: controllers ask for a certificate; give --certificate, --key and --authority (spiffe://<domain>/operator/<name>)`,
    );
  }
  return tlsRequest(url, {
    ...options,
    cert: trust.certificate,
    key: trust.key.reveal(),
    ca: trust.authority,
    minVersion: "TLSv1.3",
    // Controllers are known by their role, not by where they run.
    checkServerIdentity: (_host, peer) => controllerIdentity(url, peer, trust),
  });
}

function controllerIdentity(url: URL, peer: PeerCertificate, { domain }: Trust): Error | undefined {
  const names = uriNames(new X509Certificate(peer.raw));
  if (names.some((name) => isController(name, domain))) return undefined;
  return new CommandError(
    EXIT.unanswered,
    `${url.origin}: its certificate names no controller of ${domain} but ${names.join(", ") || "nobody"}; correct the address`,
  );
}

function answerOf(call: ClientRequest): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    call.on("error", reject);
    call.on("response", (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_BODY) response.destroy(new Error(`its answer is larger than ${MAX_BODY} bytes`));
        else chunks.push(chunk);
      });
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    call.end();
  });
}

function whyNoAnswer(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ECONNREFUSED") return "nothing listens there";
  if (code === "ECONNRESET") return "the connection was closed without an answer";
  return reasonOf(error);
}
