/** What a fault does to one exchange. */
import type { Writable } from "node:stream";
import { ApiError } from "./api-error.ts";
import type { Clock } from "@carrick/kube";
import type { Exchange } from "./exchange.ts";
import type { FaultEffect } from "./fault.ts";
import { faultyBody } from "./faulty-body.ts";
import type { BodyEffect } from "./faulty-body.ts";

/** The exchange that is served now; undefined if it is not. Throws the `ApiError` that is answered instead. */
export function strike(exchange: Exchange, effect: FaultEffect, clock: Clock): Exchange | undefined {
  if (effect.kind === "status") {
    const { code, retryAfterSeconds, message = "planted by a fault" } = effect;
    throw new ApiError(code, message, retryAfterSeconds === undefined ? {} : { details: { retryAfterSeconds } });
  }
  if (effect.kind === "reset") exchange.connection.reset();
  else if (effect.kind === "silent") exchange.connection.silence();
  else if (effect.kind !== "hang") return withBody(exchange, effect, clock);
  return undefined;
}

function withBody(exchange: Exchange, effect: BodyEffect, clock: Clock): Exchange {
  return {
    ...exchange,
    open(status, headers): Writable {
      // What is left of the body no longer has the length that was announced, except that it is only late.
      const { "content-length": _, ...unknownLength } = headers;
      const kept = effect.kind === "malformedLine" || effect.kind === "truncatedLine" ? unknownLength : headers;
      const body = faultyBody(effect, clock);
      const out = exchange.open(status, kept);
      const cut = effect.kind === "cutBody";
      body.pipe(out, { end: !cut });
      if (cut) body.once("end", () => exchange.abort());
      out.once("close", () => body.destroy());
      return body;
    },
  };
}
