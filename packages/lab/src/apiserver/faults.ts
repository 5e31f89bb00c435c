import { ApiError } from "./api-error.ts";
import type { Fault, FaultEffect } from "./fault.ts";

export interface ActiveFault {
  readonly id: string;
  readonly fault: Fault;
  /** How many requests it has struck. */
  readonly struck: number;
}

interface Rule {
  readonly fault: Fault;
  readonly path: RegExp | undefined;
  struck: number;
}

/** Faults in force at once. */
const MOST = 100;

/** The faults in force. Of several that fit a request, the oldest strikes. */
export class Faults {
  readonly #rules = new Map<string, Rule>();
  #next = 1;

  /** Throws an `ApiError` for a path that is no regular expression, or if there are too many. */
  add(fault: Fault): { readonly id: string; remove(): void; struck(): number } {
    if (this.#rules.size >= MOST) throw new ApiError(429, `${MOST} faults are in force: remove some`);
    const id = String(this.#next);
    const rule = { fault, path: pattern(fault.path), struck: 0 };
    this.#next += 1;
    this.#rules.set(id, rule);
    return { id, remove: () => void this.#rules.delete(id), struck: () => rule.struck };
  }

  remove(id: string): boolean {
    return this.#rules.delete(id);
  }

  clear(): void {
    this.#rules.clear();
  }

  list(): ActiveFault[] {
    return Array.from(this.#rules, ([id, { fault, struck }]) => ({ id, fault, struck }));
  }

  /** What strikes this request, which is counted. `target` is path and query. */
  strike(method: string, target: string): FaultEffect | undefined {
    for (const [id, rule] of this.#rules) {
      if (!fits(rule, method, target)) continue;
      rule.struck += 1;
      if (rule.struck === rule.fault.count) this.#rules.delete(id);
      return rule.fault.effect;
    }
    return undefined;
  }
}

function fits({ fault, path }: Rule, method: string, target: string): boolean {
  if (fault.method !== undefined && fault.method.toUpperCase() !== method) return false;
  if (fault.watch !== undefined && fault.watch !== isWatch(target)) return false;
  return path === undefined || path.test(target);
}

function isWatch(target: string): boolean {
  return /[?&]watch=(1|true)(&|$)/i.test(target);
}

/** Without the flags g and y, with which a pattern remembers where it stopped. */
function pattern(path: RegExp | string | undefined): RegExp | undefined {
  if (path === undefined) return undefined;
  if (typeof path !== "string") return new RegExp(path.source, path.flags.replaceAll(/[gy]/g, ""));
  try {
    return new RegExp(path);
  } catch (error) {
    throw new ApiError(400, `path: ${(error as Error).message}`);
  }
}
