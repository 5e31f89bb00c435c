/** What the kernel says at the end of an answer: done, or no, and in its own words why. */
import { aligned, LITTLE_ENDIAN, NetlinkFormatError, readAttributes, readText, viewOf } from "./attribute.ts";
import { Control, Flag, HEADER, type Message } from "./message.ts";

/** `NLMSGERR_ATTR_…` */
const TEXT = 1;

export interface Acknowledgement {
  /** 0 when it was done; positive. */
  readonly errno: number;
  /** Extended acknowledgement: `Nexthop has invalid gateway`. */
  readonly text?: string;
}

/** Reads `NLMSG_ERROR` and `NLMSG_DONE`. Throws `NetlinkFormatError`. */
export function readAcknowledgement({ type, flags, body }: Message): Acknowledgement {
  // A dump may end with a bare header.
  if (type === Control.done && body.length < 4) return { errno: 0 };
  if (body.length < 4) throw new NetlinkFormatError(`acknowledgement: ${body.length} bytes hold no error number`);
  const view = viewOf(body);
  const errno = 0 - view.getInt32(0, LITTLE_ENDIAN);
  if (errno < 0) throw new NetlinkFormatError(`acknowledgement: ${-errno} is no error number`);
  if ((flags & Flag.attributes) === 0) return { errno };
  const text = readText(readAttributes(body.subarray(attributesAt(type, flags, view))), TEXT);
  return text === undefined || text === "" ? { errno } : { errno, text };
}

/** An error repeats the header of the request and, unless capped, its body; the end of a dump repeats nothing. */
function attributesAt(type: number, flags: number, view: DataView): number {
  if (type === Control.done) return 4;
  if (view.byteLength < 4 + HEADER) throw new NetlinkFormatError("acknowledgement: lacks the header of its request");
  if ((flags & Flag.capped) !== 0) return 4 + HEADER;
  const request = view.getUint32(4, LITTLE_ENDIAN);
  if (request < HEADER || 4 + request > view.byteLength) {
    throw new NetlinkFormatError(
      `acknowledgement: says its request has ${request} bytes, ${view.byteLength - 4} are left`,
    );
  }
  return 4 + aligned(request);
}
