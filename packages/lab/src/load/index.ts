export { sendMany } from "./closed-loop.ts";
export { type Connections, exchange, type Exchange, keepConnections, now, type Target } from "./exchange.ts";
export { type FirstSuccess, probe, type Prober } from "./first-success.ts";
export { type Load, type LoadOptions, startLoad } from "./open-loop.ts";
export { quantile, tally, type Tally } from "./tally.ts";
