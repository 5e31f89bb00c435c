import { createServer } from "node:net";
import { reasonOf } from "../exit-code.ts";
import { type Check, ok, problem } from "@carrick/core/report";

const AREA = "ports";

export interface Listen {
  /** The setting, for example `listen.xds`. */
  readonly field: string;
  readonly address: string;
  readonly port: number;
}

/** Whether the controller could listen. `running`: a controller answers here, so that it is the one that holds them. */
export async function checkPort({ field, address, port }: Listen, running: boolean): Promise<Check> {
  const where = `${field}, ${address.includes(":") ? `[${address}]` : address}:${port}`;
  const error = await whyNotFree(address, port);
  if (error === undefined) return ok(AREA, `${where} is free`);
  if (error.code === "EADDRINUSE") {
    if (running) return ok(AREA, `${where} is in use, by the controller that answers`);
    return problem(AREA, `${where} is in use by another program`, "end that program, or choose another port");
  }
  if (error.code === "EACCES") {
    return problem(
      AREA,
      `${where} may not be listened on by this user`,
      "choose a port from 1024, or give CAP_NET_BIND_SERVICE",
    );
  }
  if (error.code === "EADDRNOTAVAIL") {
    return problem(AREA, `${where} is no address of this machine`, "choose an address of this machine, or 0.0.0.0");
  }
  return problem(AREA, `${where} cannot be listened on (${reasonOf(error)})`, "choose another address or port");
}

function whyNotFree(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", resolve);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
