import { request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { isIP } from "node:net";
import type { Access, Endpoint } from "@carrick/kube";

/** What the API server's clock showed, in whole seconds, some time between `asked` and `answered`; all in milliseconds since 1970. */
export interface ClockReading {
  readonly server: number;
  readonly asked: number;
  readonly answered: number;
}

/** Reads the `Date` of an answer: any answer has one, also a refusal. `undefined` if there is none. */
export async function readServerClock(access: Access, now: () => number): Promise<ClockReading | undefined> {
  const { endpoint } = await access.current();
  const asked = now();
  const date = await dateOf(endpoint);
  const server = Date.parse(date ?? "");
  return Number.isNaN(server) ? undefined : { server, asked, answered: now() };
}

/** By how much the server's clock is surely ahead (positive) or behind (negative). */
export function skewOf({ server, asked, answered }: ClockReading): number {
  if (server > answered) return server - answered;
  // Its clock may have stood at the end of that second.
  return Math.min(0, server + 999 - asked);
}

function dateOf(endpoint: Endpoint): Promise<string | undefined> {
  const url = new URL("/version", endpoint.server);
  const options = { method: "HEAD", agent: false, timeout: 5000 } as const;
  return new Promise((resolve, reject) => {
    const call =
      url.protocol === "https:" ? tlsRequest(url, { ...options, ...tlsOf(endpoint) }) : plainRequest(url, options);
    call.on("timeout", () => call.destroy(new Error(`${url.origin}: no answer within 5 s`)));
    call.on("error", reject);
    call.on("response", (response) => {
      response.resume();
      response.on("end", () => resolve(response.headers.date));
      response.on("error", reject);
    });
    call.end();
  });
}

function tlsOf({ server, ca, insecure, serverName, certificate, key }: Endpoint) {
  const host = server.hostname.replace(/^\[(.*)\]$/, "$1");
  const name = serverName ?? (isIP(host) === 0 ? host : undefined);
  return {
    rejectUnauthorized: !insecure,
    ...(ca !== undefined && { ca }),
    ...(name !== undefined && { servername: name }),
    ...(certificate !== undefined && key !== undefined && { cert: certificate, key: key.reveal() }),
  };
}
