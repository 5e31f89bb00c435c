/** Bodies that go wrong on their way: streams between the response and the client. */
import { Transform } from "node:stream";
import type { TransformCallback } from "node:stream";
import type { Clock } from "@carrick/kube";
import type { FaultEffect } from "./fault.ts";

export type BodyEffect = Extract<
  FaultEffect,
  { readonly kind: "hangBody" | "cutBody" | "slowBody" | "malformedLine" | "truncatedLine" }
>;

const NEWLINE = 10;
const MALFORMED = '{"type":"ADDED","object":{"metadata"\n';
/** Pieces of a slow body per second: many enough to look like a slow line. */
const PIECES = 10;

export function faultyBody(effect: BodyEffect, clock: Clock): Transform {
  if (effect.kind === "hangBody") return upTo(effect.afterBytes, false);
  if (effect.kind === "cutBody") return upTo(effect.afterBytes, true);
  if (effect.kind === "slowBody") return slow(effect.bytesPerSecond, clock);
  if (effect.kind === "malformedLine") return malformed(effect.afterLines);
  return truncated(effect.afterLines);
}

/** Lets so many bytes through. Then it ends, or never asks for more, so that whoever writes is held up as well. */
function upTo(bytes: number, ends: boolean): Transform {
  let left = bytes;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const part = chunk.subarray(0, left);
      left -= part.length;
      if (part.length > 0) this.push(part);
      if (part.length === chunk.length) done();
      else if (ends) this.push(null);
    },
    flush(done) {
      if (ends) done();
    },
  });
}

function slow(bytesPerSecond: number, clock: Clock): Transform {
  const size = Math.max(1, Math.floor(bytesPerSecond / PIECES));
  let cancel = (): void => undefined;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      let sent = 0;
      const next = (): void => {
        const piece = chunk.subarray(sent, sent + size);
        sent += piece.length;
        this.push(piece);
        cancel = clock.after((1000 * piece.length) / bytesPerSecond, sent < chunk.length ? next : () => done());
      };
      next();
    },
    destroy(error, done) {
      cancel();
      done(error);
    },
  });
}

function malformed(afterLines: number): Transform {
  let left = afterLines;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      const end = left < 0 ? -1 : endOfLines(chunk, left);
      left -= left < 0 ? 0 : linesIn(chunk);
      if (end === -1) return done(null, chunk);
      left = -1;
      this.push(chunk.subarray(0, end));
      this.push(MALFORMED);
      done(null, chunk.subarray(end));
    },
  });
  if (afterLines === 0) {
    left = -1;
    stream.push(MALFORMED);
  }
  return stream;
}

function truncated(afterLines: number): Transform {
  let left = afterLines;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const start = endOfLines(chunk, left);
      if (start === -1 || start === chunk.length) {
        left -= linesIn(chunk);
        return done(null, chunk);
      }
      const newline = chunk.indexOf(NEWLINE, start);
      const whole = newline === -1 ? chunk.length : newline;
      this.push(chunk.subarray(0, start + Math.ceil((whole - start) / 2)));
      this.push(null);
      // Never asks for more: the body has ended.
    },
  });
}

/** Where the first `count` lines of the chunk end; -1 if it has fewer. */
function endOfLines(chunk: Buffer, count: number): number {
  let end = 0;
  for (let line = 0; line < count; line += 1) {
    const newline = chunk.indexOf(NEWLINE, end);
    if (newline === -1) return -1;
    end = newline + 1;
  }
  return end;
}

function linesIn(chunk: Buffer): number {
  let count = 0;
  for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}
