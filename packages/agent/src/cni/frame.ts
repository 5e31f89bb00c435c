/**
 * The bytes between the CNI plugin's client and the agent. `datapath/cni/agent-call.h` is the other side of this and
 * draws both messages.
 */

/** The largest question without its header, and the largest answer's text. */
export const MAX_QUESTION = 1024 * 1024;
export const MAX_ANSWER = 256 * 1024;
const HEADER = 8;

/** What the client was started with; an environment variable that is not set is empty. */
export interface Question {
  readonly command: string;
  readonly containerId: string;
  readonly netns: string;
  readonly ifname: string;
  readonly args: string;
  /** The network configuration, as it came on standard input. */
  readonly input: string;
}

/** The client is not ours, or of another version. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** The size of the whole question once its header has come; undefined before. Throws `FrameError`. */
export function questionSize(bytes: Buffer): number | undefined {
  if (bytes.length < HEADER) return undefined;
  if (bytes.toString("latin1", 0, 4) !== "CRQ1") throw new FrameError("is no question of a Carrick CNI client");
  const size = bytes.readUInt32BE(4);
  if (size > MAX_QUESTION) throw new FrameError(`a question of ${size} bytes, at most ${MAX_QUESTION} are read`);
  return HEADER + size;
}

/** Decodes a whole question. Throws `FrameError`. */
export function decodeQuestion(bytes: Buffer): Question {
  if (questionSize(bytes) !== bytes.length) throw new FrameError("a question whose size is not the one in its header");
  const texts: string[] = [];
  let at = HEADER;
  while (at < bytes.length && texts.length < 6) {
    const end = at + 4 <= bytes.length ? at + 4 + bytes.readUInt32BE(at) : Infinity;
    if (end > bytes.length) throw new FrameError(`a question that ends within its text ${texts.length + 1}`);
    texts.push(bytes.toString("utf8", at + 4, end));
    at = end;
  }
  const [command, containerId, netns, ifname, args, input] = texts;
  if (input === undefined || at !== bytes.length) throw new FrameError("a question that has not exactly six texts");
  return { command: command!, containerId: containerId!, netns: netns!, ifname: ifname!, args: args!, input };
}

/** What the client prints, and whether it ends with 0. */
export interface Answer {
  readonly ok: boolean;
  /** Empty where the specification wants no output. */
  readonly text: string;
}

/** Throws `RangeError` for a text that the client would refuse. */
export function encodeAnswer({ ok, text }: Answer): Buffer {
  const body = Buffer.from(text, "utf8");
  if (body.length > MAX_ANSWER) throw new RangeError(`an answer of ${body.length} bytes; a client takes ${MAX_ANSWER}`);
  const header = Buffer.alloc(12);
  header.write("CRS1", "latin1");
  header.writeUInt32BE(ok ? 0 : 1, 4);
  header.writeUInt32BE(body.length, 8);
  return Buffer.concat([header, body]);
}
