import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { DEFAULT_LIMITS, type Sequencer } from "../protocol/index.ts";
import { DeltaStream } from "./delta-stream.ts";
import type { MessageStream } from "./message-stream.ts";
import type { Peer } from "./peer-name.ts";

test("a deadline that passes between the last step and the setting of the timer is not lost", async () => {
  const DUE = 10;
  const steps: number[] = [];
  const timers: (() => void)[] = [];
  let now = DUE - 0.2;
  const sequencer = {
    changed: () => {},
    step: (at: number) => {
      steps.push(at);
      now = Math.max(now, DUE + 0.1);
      return undefined;
    },
    deadline: (at: number) => (at < DUE ? DUE : undefined),
    unansweredSince: () => undefined,
  } as unknown as Sequencer;
  const stream = new DeltaStream({
    peer: "spiffe://carrick.test/edge" as unknown as Peer,
    stream: { remote: "127.0.0.1:1", queuedBytes: 0, write: () => true, close: () => {} } satisfies MessageStream,
    sequencer,
    clock: {
      now: () => now,
      after: (_ms, on) => {
        timers.push(on);
        return () => timers.splice(timers.indexOf(on), 1);
      },
    },
    limits: DEFAULT_LIMITS,
    unansweredMs: 60_000,
    on: () => {},
    ended: () => {},
  });
  stream.changed(new Map());
  await turn();
  assert.deepEqual(steps, [DUE - 0.2]);
  assert.equal(timers.length, 1);
  timers[0]!();
  assert.deepEqual(steps, [DUE - 0.2, DUE + 0.1]);
});
