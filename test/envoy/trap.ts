/** A test that runs twice: with all rules it goes well; without the one rule Envoy is seen to be hurt. */
import { test, type TestContext } from "node:test";
import { ALL_RULES, type Rules } from "@carrick/xds";

/** For any one test with the real Envoy. */
export const LIMIT = { timeout: 60_000 };

export function trap(
  rule: keyof Rules,
  what: string,
  play: (rules: Rules, on: boolean, t: TestContext) => Promise<void>,
): void {
  test(`${what}: handled`, LIMIT, (t) => play(ALL_RULES, true, t));
  test(`${what}: bites without ${rule}`, LIMIT, (t) => play({ ...ALL_RULES, [rule]: false }, false, t));
}
