/** What can be run by name. */
import { b10 } from "./b10.ts";
import { b11 } from "./b11.ts";
import { b16 } from "./b16.ts";
import { b2 } from "./b2.ts";
import { b6 } from "./b6.ts";
import { costs } from "./costs.ts";
import type { Context } from "./measure/run.ts";
import type { Figure } from "./report/row.ts";
import { lab } from "./lab.ts";
import { restart } from "./restart.ts";

export interface Benchmark {
  readonly title: string;
  /** Namespaces and eBPF: as root on Linux. */
  readonly needsRoot?: boolean;
  readonly measure: (context: Context) => Promise<Figure[]>;
}

export const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  B10: { title: "from the API write to the first request served by Envoy", measure: b10 },
  costs: { title: "bytes and Envoy's main thread for a change; many hosts and wildcards", measure: costs },
  B11: { title: "memory and CPU of the controller", measure: b11 },
  restart: { title: "what a restarted controller sends to a connected Envoy", measure: restart },
  B2: { title: "a TCP connect from pod to pod, through a Service", needsRoot: true, measure: b2 },
  B6: { title: "from an endpoint's write to the store in a node's kernel", needsRoot: true, measure: b6 },
  B16: { title: "memory, CPU and restart of an agent", needsRoot: true, measure: b16 },
  lab: { title: "the lab: time until it is there, and its memory", needsRoot: true, measure: lab },
};
