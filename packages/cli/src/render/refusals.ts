import { paragraph, type StreamStatus } from "@carrick/core/report";
import type { Paint } from "./paint.ts";
import { count } from "./quantity.ts";

/** Of the refusals of one client; more are counted, and the JSON has all. */
const SHOWN = 5;

/** What a client does not take, below its row in a table. */
export function refusalLines({ refused }: Pick<StreamStatus, "refused">, width: number, paint: Paint): string[] {
  const more = refused.length - SHOWN;
  return [
    ...refused
      .slice(0, SHOWN)
      .flatMap(({ type, name, message }) => paragraph(`refuses ${type} ${name}: ${message}`, width, "    ")),
    ...(more > 0 ? [`    and ${count(more)} more`] : []),
  ].map((line) => paint("bad", line));
}
