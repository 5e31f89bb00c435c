import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Readiness } from "./readiness.ts";
import type { KindState, Source } from "./sources/source.ts";

/** A source that does what the test says. */
class Told implements Source {
  readonly from = "a test";
  readonly cluster: string;
  readonly settled: Promise<void>;
  readonly tell: () => void;
  heardAt = 1;
  secrets: Promise<void> = Promise.resolve();
  secretsKnown = true;
  #known = false;

  constructor(cluster: string) {
    this.cluster = cluster;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.settled = promise;
    this.tell = () => {
      this.#known = true;
      resolve();
    };
  }

  kinds(): KindState[] {
    const state = { watching: false, absent: false, fromCopy: false, heardAt: this.heardAt };
    return [
      { kind: "Ingress", known: this.#known, ...state },
      { kind: "Secret", known: this.secretsKnown, ...state },
    ];
  }

  secretsSettled(): Promise<void> {
    return this.secrets;
  }

  problems(): string[] {
    return [];
  }

  wantSecrets(): void {}
  stop(): void {}
}

/** Lets `looks` looks pass, between which `between` happens and promises settle. */
async function look(looks: number, between: () => void = () => {}): Promise<void> {
  for (let i = 0; i < looks; i++) {
    between();
    mock.timers.tick(250);
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  }
}

async function begin(...sources: Told[]) {
  const opened: string[] = [];
  const readiness = new Readiness({ sources, open: async () => void opened.push("opened") });
  await look(0);
  return { readiness, opened };
}

test("is there when every source has told everything and it is derived; until then it names what is missing", async (context) => {
  mock.timers.enable({ apis: ["setInterval"] });
  context.after(() => mock.timers.reset());
  const [london, paris] = [new Told("london"), new Told("paris")];
  const { readiness, opened } = await begin(london, paris);
  london.tell();
  await look(3, () => paris.heardAt++);
  assert.deepEqual(readiness.waitingFor(), ["paris/Ingress: has not been told yet"]);
  assert.deepEqual(opened, []);
  const { promise, resolve } = Promise.withResolvers<void>();
  paris.secrets = promise;
  paris.secretsKnown = false;
  paris.tell();
  await look(3, () => paris.heardAt++);
  assert.deepEqual(opened, ["opened"]);
  assert.deepEqual(readiness.waitingFor(), ["paris/Secret: has not been told yet"]);
  resolve();
  await look(1);
  assert.equal(readiness.ready, true);
  assert.deepEqual(readiness.waitingFor(), []);
});

test("does not wait for a source that hangs", async (context) => {
  mock.timers.enable({ apis: ["setInterval"] });
  context.after(() => mock.timers.reset());
  const [london, paris] = [new Told("london"), new Told("paris")];
  const { readiness } = await begin(london, paris);
  london.tell();
  await look(20);
  assert.equal(readiness.ready, false);
  await look(2);
  assert.equal(readiness.ready, true);
  assert.deepEqual(readiness.missing(), ["paris/Ingress: has not been told yet"]);
});

test("waits for long lists as long as they go on, but for a last slow one only for a while", async (context) => {
  mock.timers.enable({ apis: ["setInterval"] });
  context.after(() => mock.timers.reset());
  const [london, paris] = [new Told("london"), new Told("paris")];
  const { readiness } = await begin(london, paris);
  const both = () => {
    london.heardAt++;
    paris.heardAt++;
  };
  await look(200, both);
  assert.equal(readiness.ready, false);
  london.tell();
  await look(40, both);
  assert.equal(readiness.ready, false);
  await look(4, both);
  assert.equal(readiness.ready, true);
});
