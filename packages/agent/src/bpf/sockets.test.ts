import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { BpfObject } from "./index.ts";
import { Bed, type Dial, frontend, group, service, startWriter, type Writer } from "./fixture.ts";

/** Everything that a client sees of services, on the real kernel with all programs attached. */

let bed: Bed;
let writer: Writer;
let dial: Dial;
let object: BpfObject;

const FAMILIES = [
  { family: "IPv4", suffix: 4, vip: "10.96.0.1", unknown: "10.96.0.9", backend: "10.1.0.1", shown: "10.1.0.1" },
  {
    family: "v4-mapped",
    suffix: 6,
    vip: "::ffff:10.96.0.1",
    unknown: "::ffff:10.96.0.9",
    backend: "::ffff:10.1.0.1",
    shown: "10.1.0.1",
  },
  { family: "IPv6", suffix: 6, vip: "fd00:96::1", unknown: "fd00:96::9", backend: "fd00:1::1", shown: "fd00:1::1" },
] as const;

before(async () => {
  bed = new Bed();
  await bed.echo(...[1, 2, 3, 4].flatMap((i) => [`10.1.0.${i} 8080`, `fd00:1::${i} 8080`]));
  object = bed.load();
  writer = await startWriter(object);
  bed.attach(object);
  dial = bed.dial();
});
after(() => bed[Symbol.asyncDispose]());

/** Serves 10.96.0.1:80 and [fd00:96::1]:80 by the last groups of these numbers. */
async function serve(numbers: readonly number[], more: Parameters<typeof service>[1] = {}): Promise<void> {
  const { publisher } = writer;
  for (const [key, vip, prefix] of [
    ["v4", "10.96.0.1", "10.1.0."],
    ["v6", "fd00:96::1", "fd00:1::"],
  ] as const) {
    publisher.setService(key, service([group(numbers.map((i) => `${prefix}${i}`))], more));
    for (const protocol of ["TCP", "UDP"] as const) publisher.setFrontend(frontend(`${vip} 80`, protocol), key);
  }
  await publisher.flush();
  assert.deepEqual([...publisher.conditions], []);
}

for (const { family, suffix, vip, unknown, shown } of FAMILIES) {
  test(`${family}, TCP: connect reaches a backend, and the service is the peer`, async () => {
    await serve([1]);
    const id = await dial.open(`tcp${suffix}`);
    assert.equal(await dial.ask(`connect ${id} ${vip} 80`), "ok");
    assert.equal(await dial.ask(`read ${id}`), `${shown} 8080`);
    const other = await dial.open(`tcp${suffix}`);
    await dial.ask(`connect ${other} ${vip} 80`);
    assert.equal(await dial.ask(`peer ${other}`), `${vip} 80`);
  });

  test(`${family}, MPTCP: connect reaches a backend of the TCP service`, async () => {
    await serve([1]);
    const id = await dial.open(`mptcp${suffix}`);
    assert.equal(await dial.ask(`connect ${id} ${vip} 80`), "ok");
    assert.equal(await dial.ask(`read ${id}`), `${shown} 8080`);
    await dial.ask(`close ${id}`);
  });

  test(`${family}, UDP with connect: answers come from the service`, async () => {
    await serve([1]);
    const id = await dial.open(`udp${suffix}`);
    assert.equal(await dial.ask(`connect ${id} ${vip} 80`), "ok");
    assert.equal(await dial.ask(`peer ${id}`), `${vip} 80`);
    await dial.ask(`send ${id} ${vip} 80`);
    assert.equal(await dial.ask(`receive ${id}`), `${shown} 8080 from ${vip} 80`);
  });

  test(`${family}, UDP without connect: answers come from the service`, async () => {
    await serve([1]);
    const id = await dial.open(`udp${suffix}`);
    assert.equal(await dial.ask(`send ${id} ${vip} 80`), "ok");
    assert.equal(await dial.ask(`receive ${id}`), `${shown} 8080 from ${vip} 80`);
  });

  test(`${family}: a port that the service has not is refused, and so is a service without endpoints`, async () => {
    await serve([1]);
    for (const kind of ["tcp", "udp"]) {
      const id = await dial.open(`${kind}${suffix}`);
      assert.equal(await dial.ask(`connect ${id} ${vip} 81`), "ECONNREFUSED");
    }
    const udp = await dial.open(`udp${suffix}`);
    assert.equal(await dial.ask(`send ${udp} ${vip} 81`), "ECONNREFUSED");
    await serve([]);
    const before = writer.maps.counters().refusedEmpty;
    for (const kind of ["tcp", "udp"]) {
      const id = await dial.open(`${kind}${suffix}`);
      assert.equal(await dial.ask(`connect ${id} ${vip} 80`), "ECONNREFUSED");
    }
    assert.equal(await dial.ask(`send ${udp} ${vip} 80`), "ECONNREFUSED");
    assert.equal(writer.maps.counters().refusedEmpty - before, 3n);
  });

  test(`${family}: an address that is no service's is left alone`, async () => {
    await serve([1]);
    const before = writer.maps.counters();
    const id = await dial.open(`udp${suffix}`);
    assert.equal(await dial.ask(`connect ${id} ${unknown} 80`), "ok");
    assert.equal(await dial.ask(`peer ${id}`), `${unknown} 80`);
    const counted = writer.maps.counters();
    assert.equal(counted.notAService - before.notAService, 1n);
    assert.equal(counted.picked, before.picked);
  });
}

test("an IPv6 endpoint of an IPv4 address is refused: no datagram goes to half of its address", async () => {
  await serve([1]);
  writer.publisher.setService("v4", service([group(["fd00:1::1"])]));
  await writer.publisher.flush();
  const before = writer.maps.counters().refusedFamily;
  const id = await dial.open("udp4");
  for (const verb of ["connect", "send"]) assert.equal(await dial.ask(`${verb} ${id} 10.96.0.1 80`), "ECONNREFUSED");
  assert.equal(writer.maps.counters().refusedFamily - before, 2n);
});

test("a socket that lost the memory of whom it talks to gets it back with its next datagram", async () => {
  await serve([1], { pinUdp: true });
  const id = await dial.open("udp4");
  assert.deepEqual(await reached([id], "10.96.0.1"), ["10.1.0.1"]);
  const reverse = object.map("reverse");
  reverse.deleteAll(Array.from(reverse.entries(), ([key]) => key));
  assert.deepEqual(await reached([id], "10.96.0.1"), ["10.1.0.1"]);
});

test("a frontend for traffic from outside is nothing to a socket", async () => {
  await serve([1]);
  const outside = frontend("10.96.0.7 80", "UDP", { scope: "external" });
  writer.publisher.setFrontend(outside, "v4");
  await writer.publisher.flush();
  const id = await dial.open("udp4");
  assert.equal(await dial.ask(`connect ${id} 10.96.0.7 80`), "ok");
  assert.equal(await dial.ask(`peer ${id}`), "10.96.0.7 80");
  writer.publisher.setFrontend(outside, undefined);
  await writer.publisher.flush();
});

test("a frontend that shares its address with others leaves their ports alone", async () => {
  await serve([1]);
  const shared = frontend("10.96.0.8 80", "UDP", { exclusive: false });
  writer.publisher.setFrontend(shared, "v4");
  await writer.publisher.flush();
  const id = await dial.open("udp4");
  assert.equal(await dial.ask(`connect ${id} 10.96.0.8 81`), "ok");
  writer.publisher.setFrontend(shared, undefined);
  await writer.publisher.flush();
});

/** Which backend each socket reaches with one datagram. */
async function reached(ids: readonly number[], vip: string): Promise<string[]> {
  const answers: string[] = [];
  for (const id of ids) {
    assert.equal(await dial.ask(`send ${id} ${vip} 80`), "ok");
    const answer = await dial.ask(`receive ${id}`);
    assert.ok(answer.endsWith(` from ${vip} 80`), answer);
    answers.push(answer.split(" ")[0]!);
  }
  return answers;
}

for (const { family, suffix, vip, shown } of FAMILIES) {
  const prefix = shown.slice(0, -1);

  test(`${family}: a UDP socket keeps its backend while that is active or draining`, async () => {
    const pin = { pinUdp: true };
    await serve([1, 2, 3], pin);
    const ids: number[] = [];
    for (let i = 0; i < 30; i++) ids.push(await dial.open(`udp${suffix}`));
    const first = await reached(ids, vip);
    assert.equal(new Set(first).size, 3);
    assert.deepEqual(await reached(ids, vip), first);
    await serve([1, 2, 3, 4], pin);
    assert.deepEqual(await reached(ids, vip), first);

    const draining = FAMILIES.map(({ shown }) => ({ ...group([shown]).members[0]!, cluster: 1 }));
    await serve([2, 3, 4], { ...pin, draining });
    assert.deepEqual(await reached(ids, vip), first);
    const fresh = await dial.open(`udp${suffix}`);
    assert.notDeepEqual(await reached([fresh], vip), [`${prefix}1`]);

    await serve([2, 3, 4], pin);
    const moved = await reached(ids, vip);
    for (const [index, backend] of first.entries())
      if (backend === `${prefix}1`) assert.notEqual(moved[index], backend);
      else assert.equal(moved[index], backend);

    await serve([], pin);
    for (const id of ids) assert.equal(await dial.ask(`send ${id} ${vip} 80`), "ECONNREFUSED");
    await serve([4], pin);
    assert.deepEqual(new Set(await reached(ids, vip)), new Set([`${prefix}4`]));
  });

  test(`${family}: with affinity a client keeps its backend until that drains, and then another`, async () => {
    const affinity = { affinitySeconds: 600 };
    const numbers = [1, 2, 3, 4];
    await serve(numbers, affinity);
    const connected = async (kind: string): Promise<string> => {
      const id = await dial.open(`${kind}${suffix}`);
      await dial.ask(`connect ${id} ${vip} 80`);
      if (kind === "udp") await dial.ask(`send ${id} ${vip} 80`);
      const answer = await dial.ask(`read ${id}`);
      await dial.ask(`close ${id}`);
      return answer.split(" ")[0]!;
    };
    const backend = await connected("tcp");
    for (let i = 0; i < 10; i++) assert.equal(await connected("tcp"), backend);
    for (let i = 0; i < 10; i++) assert.equal(await connected("udp"), backend);

    const own = Number(backend.slice(-1));
    const [other = 0, ...rest] = numbers.filter((number) => number !== own);
    await serve([own, other], affinity);
    for (let i = 0; i < 10; i++) assert.equal(await connected("tcp"), backend);

    const draining = [{ ...group([backend]).members[0]!, cluster: 1 }];
    await serve([other, ...rest], { ...affinity, draining });
    const next = await connected("tcp");
    assert.notEqual(next, backend);
    for (let i = 0; i < 10; i++) assert.equal(await connected("tcp"), next);

    // The drained one is back: nobody goes back to it.
    await serve(numbers, affinity);
    for (let i = 0; i < 10; i++) assert.equal(await connected("tcp"), next);
  });
}

test("each network namespace is a client of its own", async () => {
  await serve([1, 2, 3, 4], { affinitySeconds: 600 });
  await dial.spread(1, "udp4", "10.96.0.1 80");
  await using other = new Bed();
  const stranger = bed.dial(other);
  const kept = async (client: Dial): Promise<bigint> => {
    const before = writer.maps.counters();
    await client.spread(1, "udp4", "10.96.0.1 80");
    const counted = writer.maps.counters();
    assert.equal(counted.picked - before.picked, 1n);
    return counted.affinityKept - before.affinityKept;
  };
  assert.deepEqual([await kept(stranger), await kept(stranger), await kept(dial)], [0n, 1n, 1n]);
});
