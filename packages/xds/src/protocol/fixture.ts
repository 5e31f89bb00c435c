/** Clients at rest that the tests of this folder begin with. */
import assert from "node:assert/strict";
import { Script } from "@carrick/testing";
import { CLUSTER } from "./type-url.ts";

/** A client that has one listener with table `t` to cluster `a`; the last nonce is 5. */
export function served(): Script {
  const script = new Script();
  script.set("CDS a=1, EDS a=1, RDS t=1, LDS http=1");
  assert.deepEqual(script.say("CDS", {}), ["CDS 1: a=1"]);
  assert.deepEqual(script.say("EDS", { subscribe: ["a"] }), ["EDS 2: a=1"]);
  assert.deepEqual([...script.ack("EDS", 2), ...script.ack("CDS", 1)], []);
  assert.deepEqual(script.say("LDS", {}), ["LDS 3: http=1"]);
  assert.deepEqual(script.say("RDS", { subscribe: ["t"] }), ["RDS 4: t=1"]);
  assert.deepEqual([...script.ack("LDS", 3), ...script.ack("RDS", 4)], []);
  return script;
}

/** Clusters that were refused and are not sent again. */
export function parked(script: Script): string[] {
  const [{ rejected } = { rejected: [] }] = script.sequencer.state().filter(({ type }) => type === CLUSTER);
  return rejected.map(({ name, version }) => `${name}=${version}`);
}

/** A client whose listener finds table `k1` by scope; the last nonce is 6. */
export function scoped(): Script {
  const script = new Script();
  script.set("CDS a=1, EDS a=1, SRDS k1=1, RDS k1=1, LDS http=1");
  script.say("CDS", {});
  script.say("EDS", { subscribe: ["a"] });
  assert.deepEqual([...script.ack("EDS", 2), ...script.ack("CDS", 1)], []);
  assert.deepEqual(script.say("LDS", {}), ["LDS 3: http=1"]);
  assert.deepEqual(script.say("SRDS", {}), ["SRDS 4: k1=1"]);
  assert.deepEqual([...script.ack("LDS", 3), ...script.ack("SRDS", 4)], []);
  assert.deepEqual(script.say("RDS", { subscribe: ["k1"] }), ["RDS 5: k1=1"]);
  assert.deepEqual(script.ack("RDS", 5), []);
  return script;
}
