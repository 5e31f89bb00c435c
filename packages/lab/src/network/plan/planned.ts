/** What a plan is made of. */
import type { RouteSpec, RuleSpec } from "@carrick/agent/net";
import type { Place } from "./place.ts";

export interface PlannedNamespace {
  readonly name: string;
  readonly place: Place;
  /** Before there are links; in this order. */
  readonly settings: Readonly<Record<string, number>>;
  readonly links: readonly PlannedLink[];
  readonly rules: readonly RuleSpec[];
}

export interface PlannedLink {
  readonly name: string;
  readonly mac: string;
  readonly addresses: readonly string[];
  /** When it is up; `link` is left out, it is this one. */
  readonly routes: readonly RouteSpec[];
  /** Addresses of others for which it answers (NDP). */
  readonly proxies: readonly string[];
  readonly settings: Readonly<Record<string, number>>;
}

/** A cable between two links of the plan. */
export interface PlannedCable {
  readonly ends: readonly [CableEnd, CableEnd];
}

export interface CableEnd {
  readonly namespace: string;
  readonly link: string;
}

export interface Plan {
  readonly run: string;
  /** The router first. */
  readonly namespaces: readonly PlannedNamespace[];
  readonly cables: readonly PlannedCable[];
}
