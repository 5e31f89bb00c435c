/**
 * What only this server has: faults, compaction and broken connections on request, under `/carrick/`.
 *
 * - `POST /carrick/faults` with a `Fault` as JSON answers `{"id"}`; `GET` lists them; `DELETE` removes all, or with
 *   `/carrick/faults/ID` one
 * - `POST /carrick/compact` forgets the history of all resources
 * - `POST /carrick/connections` with `{"effect":"reset"}` or `{"effect":"silent"}` strikes every other open connection
 */
import { ApiError } from "./api-error.ts";
import type { Connection } from "./connection.ts";
import type { Exchange } from "./exchange.ts";
import { readFault } from "./fault.ts";
import type { Faults } from "./faults.ts";
import { isJsonObject } from "./kube-object.ts";
import { readJson } from "./request-body.ts";
import { respondJson } from "./respond.ts";

export interface Controlled {
  readonly faults: Faults;
  readonly compact: () => void;
  readonly breakConnections: (effect: "reset" | "silent", except?: Connection) => void;
}

const PREFIX = "/carrick/";

export function isControl(target: string): boolean {
  return target.startsWith(PREFIX);
}

/** Answers a request below `/carrick/`. Throws an `ApiError` for one that is refused. */
export async function control(exchange: Exchange, { faults, compact, breakConnections }: Controlled): Promise<void> {
  const [what, id, ...more] = exchange.target.slice(PREFIX.length).split("/");
  const request = `${exchange.method} ${what}${id === undefined ? "" : "/ID"}${more.length === 0 ? "" : "/..."}`;
  switch (request) {
    case "GET faults":
      return respondJson(exchange, 200, { faults: faults.list().map(shown) });
    case "POST faults":
      return respondJson(exchange, 201, { id: faults.add(readFault(await body(exchange))).id });
    case "DELETE faults":
      faults.clear();
      return respondJson(exchange, 200, {});
    case "DELETE faults/ID":
      if (!faults.remove(id!)) throw new ApiError(404, `no fault "${id}" is in force`);
      return respondJson(exchange, 200, {});
    case "POST compact":
      compact();
      return respondJson(exchange, 200, {});
    case "POST connections": {
      const given = await body(exchange);
      const effect = isJsonObject(given) ? given["effect"] : undefined;
      if (effect !== "reset" && effect !== "silent") throw new ApiError(400, "effect: must be reset or silent");
      breakConnections(effect, exchange.connection);
      return respondJson(exchange, 200, {});
    }
    default:
      throw new ApiError(404, "nothing is here: faults, compact and connections are");
  }
}

function body(exchange: Exchange): Promise<unknown> {
  return readJson(exchange.body, exchange.headers);
}

function shown({ id, fault, struck }: ReturnType<Faults["list"]>[number]): object {
  return { id, struck, ...fault, ...(fault.path === undefined ? {} : { path: pathText(fault.path) }) };
}

function pathText(path: RegExp | string): string {
  return typeof path === "string" ? path : path.source;
}
