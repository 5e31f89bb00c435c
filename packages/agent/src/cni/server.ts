/** The unix socket on which the CNI plugin's client asks: one question for each connection, one answer. */
import { createServer, type Server, type Socket } from "node:net";
import { isTooLong, listenPrivately, MAX_PATH, removeOwn } from "../unix-socket.ts";
import { CniCode, CniError, messageOf } from "./cni-error.ts";
import { type Answer, decodeQuestion, encodeAnswer, FrameError, type Question, questionSize } from "./frame.ts";
import type { Deliver } from "./plugin.ts";

/** A client writes its question at once. */
const QUESTION_MS = 5000;
/** Less than the client's PATIENCE_MS: it is told what went wrong, and nothing stays of an ADD that it gave up. */
const ANSWER_MS = 25_000;
/** The kernel has room for the answer; a client that does not take it within this is gone. */
const DELIVERY_MS = 1000;
/** More than a node has pods: others are closed at once, and their clients tell the runtime to try later. */
const MAX_CONNECTIONS = 512;

export interface CniServerOptions {
  /** The client's `agentSocket`. */
  readonly path: string;
  readonly answer: (question: Question, deliver: Deliver, signal: AbortSignal) => Promise<void>;
  readonly onProblem: (problem: string) => void;
}

export interface CniServer {
  readonly path: string;
  /** Takes no more questions, and resolves when those that were asked are answered. Pods stay as they are. */
  close(): Promise<void>;
}

/** The socket cannot be made. */
export class CniServerError extends Error {
  override readonly name = "CniServerError";
}

/**
 * Listens; only root can connect. A socket that an earlier agent left there is replaced without a moment in which there
 * is none: who may be the node's agent is decided elsewhere. Throws `CniServerError`.
 */
export async function startCniServer(options: CniServerOptions): Promise<CniServer> {
  const { path, onProblem } = options;
  if (isTooLong(path)) {
    throw new CniServerError(
      `${path}: is longer than a socket's path can be (${MAX_PATH} bytes); choose a shorter one`,
    );
  }
  const running = new Set<Promise<void>>();
  const server = createServer((socket) => {
    const done = serve(socket, options).finally(() => running.delete(done));
    running.add(done);
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on("drop", () => onProblem(`${path}: more than ${MAX_CONNECTIONS} CNI operations at once; one was put off`));
  try {
    const inode = await listenPrivately(server, path);
    server.on("error", (error) => onProblem(`${path}: ${error.message}`));
    return { path, close: () => close(server, path, inode, running) };
  } catch (error) {
    server.close();
    throw new CniServerError(`${path}: the agent cannot listen there (${messageOf(error)}); check the folder`, {
      cause: error,
    });
  }
}

async function close(server: Server, path: string, inode: number, running: Set<Promise<void>>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  removeOwn(path, inode);
  await Promise.all(running);
  await closed;
}

async function serve(socket: Socket, { answer, onProblem }: CniServerOptions): Promise<void> {
  const controller = new AbortController();
  const gone = () => controller.abort(new CniError(CniCode.tryLater, "the client of the runtime is gone"));
  // An error is followed by `close`.
  socket.on("error", () => {});
  socket.once("close", gone);
  try {
    const question = await readQuestion(socket);
    if (question === undefined) return;
    // The client does not write again: the end of its side is its end.
    socket.once("end", gone).resume();
    const late = `${question.command} took more than ${ANSWER_MS} ms; the agent's log says what it waited for`;
    const timer = setTimeout(() => controller.abort(new CniError(CniCode.tryLater, late)), ANSWER_MS);
    try {
      await answer(question, (given) => deliver(socket, controller.signal, given), controller.signal);
    } finally {
      clearTimeout(timer);
    }
  } catch (error) {
    onProblem(`CNI: a connection brought ${messageOf(error)}; it was closed`);
  } finally {
    socket.destroy();
  }
}

/** Nothing when the client went before it had asked. Throws `FrameError`. */
function readQuestion(socket: Socket): Promise<Question | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => end(() => reject(new FrameError("no whole question in time"))), QUESTION_MS);
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      socket.off("data", onData).off("end", onEnd).off("close", onEnd);
      settle();
    };
    const onEnd = (): void =>
      end(() => (size === 0 ? resolve(undefined) : reject(new FrameError("a question that ends too early"))));
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      size += chunk.length;
      try {
        const bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks);
        chunks.splice(0, chunks.length, bytes);
        const whole = questionSize(bytes);
        if (whole === undefined || size < whole) return;
        const question = decodeQuestion(bytes);
        end(() => resolve(question));
      } catch (error) {
        end(() => reject(error instanceof Error ? error : new FrameError(String(error))));
      }
    };
    socket.on("data", onData).once("end", onEnd).once("close", onEnd);
  });
}

/** True when the kernel has the whole answer for a client that was there. */
function deliver(socket: Socket, signal: AbortSignal, answer: Answer): Promise<boolean> {
  if (signal.aborted && answer.ok) return Promise.resolve(false);
  if (socket.destroyed || !socket.writable) return Promise.resolve(false);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), DELIVERY_MS);
    const settle = (delivered: boolean): void => {
      clearTimeout(timer);
      resolve(delivered);
    };
    socket.once("close", () => settle(false));
    socket.write(encodeAnswer(answer), (error) => settle(error === undefined || error === null));
  });
}
