import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { call, get, openWatch, started } from "./fixture.ts";
import type { Json } from "./fixture.ts";
import type { ApiServer } from "./server.ts";

const FOLDER = "/api/v1/namespaces/shop/configmaps";

/** A generator of numbers below `limit` that a seed decides (mulberry32). */
function randomFrom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const MERGE = { headers: { "content-type": "application/merge-patch+json" } };

/** Writes at random over few names, so that writers meet. Refusals are part of it; anything else fails the test. */
async function write(server: ApiServer, random: (limit: number) => number, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const name = `m${random(12)}`;
    const body = {
      metadata: { name, labels: { side: random(2) === 0 ? "left" : "right" } },
      data: { i: String(random(1000)) },
    };
    const action = random(5);
    const { status } =
      action === 0
        ? await call(server, "DELETE", `${FOLDER}/${name}`)
        : action === 1
          ? await call(server, "POST", FOLDER, { body })
          : action === 2
            ? await call(server, "PATCH", `${FOLDER}/${name}`, { body, ...MERGE })
            : await call(server, "PUT", `${FOLDER}/${name}`, { body });
    assert.ok([200, 201, 404, 409].includes(status), String(status));
  }
}

/** What a reflector does: lists in pages, watches, stops at random, resumes, and lists again after 410. */
class Follower {
  readonly objects = new Map<string, string>();
  relists = 0;
  resumes = 0;
  #version = "";
  readonly #query: string;

  constructor(query: string) {
    this.#query = query;
  }

  /** Until it knows the object that is written last. */
  async follow(t: TestContext, server: ApiServer, random: (limit: number) => number): Promise<void> {
    for (;;) {
      if (this.#version === "") await this.#list(server);
      const watch = await openWatch(
        t,
        server,
        `${FOLDER}?watch=1&allowWatchBookmarks=1&resourceVersion=${this.#version}${this.#query}`,
      );
      this.resumes += 1;
      for (let left = 1 + random(20); left > 0; left -= 1) {
        if (this.objects.has("last")) return watch.cancel();
        const event = await watch.next();
        if (event === undefined || event.type === "ERROR") {
          if (event !== undefined) this.#version = "";
          break;
        }
        this.#take(event);
      }
      watch.cancel();
      if (this.resumes % 3 === 0) forget(server);
    }
  }

  #take({ type, object }: Json): void {
    const { name, resourceVersion } = object.metadata;
    assert.ok(Number(resourceVersion) >= Number(this.#version), `${type} ${resourceVersion} after ${this.#version}`);
    this.#version = resourceVersion;
    if (type === "BOOKMARK") return;
    if (type === "ADDED") assert.ok(!this.objects.has(name), `${name} was added twice`);
    else assert.ok(this.objects.has(name), `${name} was never added`);
    if (type === "DELETED") this.objects.delete(name);
    else this.objects.set(name, JSON.stringify(object));
  }

  async #list(server: ApiServer): Promise<void> {
    this.relists += 1;
    this.objects.clear();
    let token = "";
    do {
      const { status, json } = await call(server, "GET", `${FOLDER}?limit=3&continue=${token}${this.#query}`);
      if (status === 410) return this.#list(server);
      if (token !== "") assert.equal(json.metadata.resourceVersion, this.#version);
      this.#version = json.metadata.resourceVersion;
      for (const item of json.items) this.objects.set(item.metadata.name, JSON.stringify(item));
      token = json.metadata.continue ?? "";
    } while (token !== "");
  }
}

/** Raises the version, so that whoever is not watching now has to list again. */
function forget(server: ApiServer): void {
  server.objects.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: `at-${server.objects.version}` } });
  server.compact();
}

for (const seed of [1, 2, 3]) {
  test(`writers, compaction, followers that stop and resume: all end with the same state (seed ${seed})`, async (t) => {
    const server = await started(t, { historyEvents: 30 });
    const followers = ["", "", "&labelSelector=side%3Dleft"].map((query) => new Follower(query));
    const following = followers.map((one, i) => one.follow(t, server, randomFrom(seed * 100 + i)));
    await Promise.all([1, 2, 3].map((i) => write(server, randomFrom(seed * 1000 + i), 150)));
    // Matches every follower's query, so that each knows when it has seen all.
    await call(server, "POST", FOLDER, { body: { metadata: { name: "last", labels: { side: "left" } } } });
    await Promise.all(following);
    for (const [i, { objects, relists, resumes }] of followers.entries()) {
      const { items } = await get(server, `${FOLDER}${i === 2 ? "?labelSelector=side%3Dleft" : ""}`);
      const expected = items.map((item: Json) => JSON.stringify(item)).sort();
      assert.deepEqual([...objects.values()].sort(), expected);
      assert.ok(relists > 1 && resumes > relists, `${relists} lists, ${resumes} watches`);
    }
  });
}
