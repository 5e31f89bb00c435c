import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { namespace, reflecting } from "./fixture.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const objects = 10_000;

for (const streamLists of [true, false]) {
  test(`of 10,000 objects in a list ${streamLists ? "as a stream" : "in pages"} none is kept`, () => {
    const seen: WeakRef<object>[] = [];
    return reflecting(
      "HTTP/2",
      {
        streamLists,
        project: (object) => {
          seen.push(new WeakRef(object));
          return "";
        },
        prepare: (server) => {
          for (let i = 0; i < objects; i += 1) server.objects.apply(namespace(`n${i}`, "1"));
        },
      },
      async ({ sink }) => {
        await sink.watching();
        assert.equal(seen.length, objects);
        // A WeakRef holds its object until the turn in which it was made is over.
        await new Promise((resolve) => setImmediate(resolve));
        collectGarbage();
        assert.equal(seen.filter((one) => one.deref() !== undefined).length, 0);
      },
    );
  });
}
