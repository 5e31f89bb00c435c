import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as fc from "fast-check";
import { Bed, frontend, group, member, serviceMaps, startWriter, service, type Writer } from "../fixture.ts";
import type { BpfObject } from "../index.ts";
import { decode } from "../layout/codec.ts";
import { Backend, BackendKey, Image, SEGMENT_UNITS } from "../layout/generated.ts";
import { adopt } from "./adopt.ts";
import { wantedRows } from "./backend-rows.ts";
import type { Frontend, ServiceDescription } from "./description.ts";
import { addressKey, frontendKey, keyText, slotOf } from "./frontend.ts";
import { encodeImage } from "./image.ts";

/** Whatever is told in whatever order, and however often the writer is replaced: what is wanted lies in the kernel. */

let bed: Bed;
let object: BpfObject;

before(() => {
  bed = new Bed();
  object = bed.load();
});
after(() => bed[Symbol.asyncDispose]());

const FRONTENDS = Array.from({ length: 8 }, (_, i) =>
  frontend(`10.96.0.${i >> 1} ${80 + (i & 1)}`, i % 3 === 0 ? "UDP" : "TCP", { exclusive: i !== 5 }),
);
const SERVICES = ["a", "b", "c", "d"];

interface Wanted {
  readonly services: Map<string, ServiceDescription>;
  /** Service of a frontend, by its index. */
  readonly frontends: Map<number, string>;
}

const description = fc
  .record({
    members: fc.array(fc.record({ ip: fc.integer({ min: 1, max: 6 }), weight: fc.integer({ min: 0, max: 3 }) }), {
      maxLength: 6,
    }),
    groups: fc.integer({ min: 1, max: 3 }),
    affinitySeconds: fc.constantFrom(0, 60),
    pinUdp: fc.boolean(),
    draining: fc.subarray([7, 8]),
  })
  .map(({ members, groups, affinitySeconds, pinUdp, draining }) =>
    service(
      Array.from({ length: groups }, (_, tier) => ({
        ...group([], { tier, cluster: tier }),
        members: members.filter((_, i) => i % groups === tier).map(({ ip, weight }) => member(`10.1.0.${ip}`, weight)),
      })),
      { affinitySeconds, pinUdp, draining: draining.map((i) => ({ ...member(`10.1.0.${i}`), cluster: 1 })) },
    ),
  );
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ key: fc.constantFrom(...SERVICES), description }) },
  { weight: 1, arbitrary: fc.record({ key: fc.constantFrom(...SERVICES) }) },
  { weight: 4, arbitrary: fc.record({ at: fc.nat(FRONTENDS.length - 1), to: fc.constantFrom(...SERVICES) }) },
  { weight: 1, arbitrary: fc.record({ at: fc.nat(FRONTENDS.length - 1) }) },
  { weight: 2, arbitrary: fc.constant("flush" as const) },
  { weight: 1, arbitrary: fc.constant("restart" as const) },
);

/** A new writer that is told everything; before the world is whole it takes nothing away. */
async function restart(wanted: Wanted, published: readonly Frontend[]): Promise<Writer> {
  const writer = await startWriter(object, serviceMaps(object));
  await writer.publisher.flush();
  for (const each of published) assert.ok(writer.maps.frontends.lookup(frontendKey(each)) !== undefined);
  for (const [at, to] of wanted.frontends) writer.publisher.setFrontend(FRONTENDS[at]!, to);
  for (const [key, description] of wanted.services) writer.publisher.setService(key, description);
  await writer.publisher.flush();
  writer.publisher.complete();
  return writer;
}

function assertPublished({ maps }: Writer, { services, frontends }: Wanted): void {
  const slots = new Map<string, number>();
  const keys = new Set<string>();
  for (const [at, to] of frontends) {
    const wanted = services.get(to);
    if (wanted === undefined) continue;
    const of = FRONTENDS[at]!;
    const key = frontendKey(of);
    keys.add(keyText(key));
    if (of.exclusive) keys.add(keyText(addressKey(of)));
    const value = maps.frontends.lookup(key);
    const slot = value && slotOf(key, value);
    assert.ok(slot !== undefined, `frontend ${at}`);
    assert.equal(slots.get(to) ?? slot, slot, "all frontends of a service lead to one slot");
    slots.set(to, slot);
    const { segment, unit, generation } = maps.head(slot)!;
    const { uid, units } = decode(Image, maps.image({ segment, unit, units: 1 })!.subarray(0, Image.size));
    const image = maps.image({ segment, unit, units })!;
    assert.equal(Buffer.compare(image, encodeImage(wanted, uid, generation)), 0, `image of ${to}`);
  }
  assert.equal(new Set(slots.values()).size, slots.size, "no two services have one slot");
  assert.deepEqual(new Set(Array.from(maps.frontends.entries(), ([key]) => keyText(key))), keys);
  const uids = Map.groupBy(maps.backends.entries(), ([key]) => decode(BackendKey, key).uid);
  const there = Array.from(uids.values(), (rows) =>
    rowTexts(rows.map(([key, value]) => [key, decode(Backend, value).state])),
  );
  const needed = Array.from(services.values(), (wanted) =>
    rowTexts(Array.from(wantedRows(wanted, 0).values(), ({ key, state }) => [key, state])),
  );
  assert.deepEqual(there.sort(), needed.filter((rows) => rows !== "").sort());

  const { published, space } = adopt(maps);
  const used = [...published.slots.values()].reduce((sum, { image }) => sum + (image?.extent.units ?? 0), 0);
  assert.equal(used + space.freeUnits, space.segments * SEGMENT_UNITS - 1);
  assert.equal(published.slots.size, services.size, "a slot for each service and no other");
}

/** The rows of one service, whatever its uid. */
function rowTexts(rows: readonly (readonly [key: Uint8Array, state: number])[]): string {
  return rows
    .map(([key, state]) => `${keyText(key.subarray(BackendKey.offset.ip))} ${state}`)
    .sort()
    .join(", ");
}

test("any history of changes and of writers ends with what is wanted", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const wanted: Wanted = { services: new Map(), frontends: new Map() };
      let writer = await restart(wanted, []);
      await writer.publisher.flush();
      await writer.publisher.settled();
      let flushed: Frontend[] = [];
      const flush = async (): Promise<void> => {
        await writer.publisher.flush();
        flushed = [...wanted.frontends].filter(([, to]) => wanted.services.has(to)).map(([at]) => FRONTENDS[at]!);
      };
      for (const step of steps) {
        if (step === "flush") await flush();
        else if (step === "restart") {
          writer = await restart(wanted, flushed);
          await flush();
        } else if ("key" in step) {
          const description = "description" in step ? step.description : undefined;
          if (description === undefined) wanted.services.delete(step.key);
          else wanted.services.set(step.key, description);
          writer.publisher.setService(step.key, description);
        } else {
          const to = "to" in step ? step.to : undefined;
          if (to === undefined) wanted.frontends.delete(step.at);
          else wanted.frontends.set(step.at, to);
          writer.publisher.setFrontend(FRONTENDS[step.at]!, to);
        }
      }
      await flush();
      await writer.publisher.settled();
      assert.deepEqual([...writer.publisher.conditions], []);
      assertPublished(writer, wanted);
    }),
    { numRuns: 60 },
  );
});
