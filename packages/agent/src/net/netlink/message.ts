/** Netlink messages (`struct nlmsghdr`): encoding, and reading that trusts no length. */
import { aligned, concat, LITTLE_ENDIAN, NetlinkFormatError, viewOf } from "./attribute.ts";

export const HEADER = 16;

/** `NLM_F_…` */
export const Flag = {
  request: 0x1,
  multi: 0x2,
  ack: 0x4,
  /** On an answer: the table changed while it was dumped, so the rows do not belong together. */
  interrupted: 0x10,
  dump: 0x300,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  /** On an acknowledgement: it carries the header of the request, not all of it. */
  capped: 0x100,
  /** On an acknowledgement: attributes follow (the kernel's own words). */
  attributes: 0x200,
} as const;

/** `NLMSG_…`: types below 16 belong to netlink itself. */
export const Control = { noop: 1, error: 2, done: 3, overrun: 4 } as const;

export interface Message {
  readonly type: number;
  readonly flags: number;
  /** Says to which request an answer belongs. */
  readonly sequence: number;
  readonly body: Uint8Array;
}

export function encodeMessage({ type, flags, sequence, body }: Message): Uint8Array {
  const header = new Uint8Array(HEADER);
  const view = viewOf(header);
  view.setUint32(0, HEADER + body.length, LITTLE_ENDIAN);
  view.setUint16(4, type, LITTLE_ENDIAN);
  view.setUint16(6, flags, LITTLE_ENDIAN);
  view.setUint32(8, sequence, LITTLE_ENDIAN);
  return concat([header, body]);
}

/**
 * The messages of one datagram; the bodies are views into it. Throws `NetlinkFormatError` when a length is shorter than
 * a header or longer than what is left.
 */
export function readMessages(datagram: Uint8Array): Message[] {
  const messages: Message[] = [];
  const view = viewOf(datagram);
  let at = 0;
  while (at < datagram.length) {
    const left = datagram.length - at;
    if (left < HEADER) throw new NetlinkFormatError(`message at byte ${at}: only ${left} bytes are left for it`);
    const length = view.getUint32(at, LITTLE_ENDIAN);
    if (length < HEADER || length > left) {
      throw new NetlinkFormatError(`message at byte ${at}: says ${length} bytes, ${left} are left`);
    }
    messages.push({
      type: view.getUint16(at + 4, LITTLE_ENDIAN),
      flags: view.getUint16(at + 6, LITTLE_ENDIAN),
      sequence: view.getUint32(at + 8, LITTLE_ENDIAN),
      body: datagram.subarray(at + HEADER, at + length),
    });
    at += aligned(length);
  }
  return messages;
}

/** Splits a body into its fixed part and what follows. Throws `NetlinkFormatError` when it is too short. */
export function splitBody(body: Uint8Array, fixed: number): { readonly head: DataView; readonly rest: Uint8Array } {
  if (body.length < fixed) {
    throw new NetlinkFormatError(`message body: ${body.length} bytes, its fixed part has ${fixed}`);
  }
  return { head: viewOf(body.subarray(0, fixed)), rest: body.subarray(Math.min(aligned(fixed), body.length)) };
}
