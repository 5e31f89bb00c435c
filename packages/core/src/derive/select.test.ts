import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Affinity, EndpointCondition } from "../model/index.ts";
import { type Member, select } from "./select.ts";

/** Endpoints as `address:port condition`. */
function member(cluster: string, endpoints: readonly string[], more: Partial<Member> = {}): Member {
  return {
    cluster,
    weight: 1,
    drain: false,
    endpoints: endpoints.map((text) => {
      const [at = "", condition = "ready"] = text.split(" ");
      const [address = "", port] = at.split(":");
      return { address, port: Number(port ?? 80), condition: condition as EndpointCondition };
    }),
    ...more,
  };
}

/** Who takes traffic, as `cluster address:port`, and the notes. */
function chosen(...members: readonly Member[]): [string[], readonly string[]] {
  const { groups, notes } = select(members);
  return [
    groups.flatMap(({ cluster, endpoints }) => endpoints.map(({ address, port }) => `${cluster} ${address}:${port}`)),
    notes,
  ];
}

describe("select takes", () => {
  test("the ready endpoints of all clusters, sorted", () => {
    const paris = member("paris", ["b:80", "a:81", "a:80", "c:80 notReady", "d:80 draining"]);
    assert.deepEqual(chosen(paris, member("london", ["z:80"])), [
      ["london z:80", "paris a:80", "paris a:81", "paris b:80"],
      [],
    ]);
  });

  test("an endpoint that stands in two slices once", () => {
    assert.deepEqual(chosen(member("london", ["a:80", "a:80", "a:80 draining"])), [["london a:80"], []]);
  });

  test("nothing of a cluster that is being drained, while another has something ready", () => {
    const drained = member("paris", ["p:80"], { drain: true });
    assert.deepEqual(chosen(drained, member("london", ["l:80"])), [["london l:80"], []]);
  });

  test("clusters in spite of their drain where no other has anything ready", () => {
    const drained = member("paris", ["p:80"], { drain: true });
    assert.deepEqual(chosen(drained), [["paris p:80"], ["drainIgnored"]]);
    assert.deepEqual(chosen(drained, member("london", ["l:80 draining"])), [["paris p:80"], ["drainIgnored"]]);
    assert.deepEqual(chosen(drained, member("london", ["l:80"], { drain: true })), [
      ["london l:80", "paris p:80"],
      ["drainIgnored"],
    ]);
  });

  test("terminating endpoints that still serve where nothing is ready, first without a drain", () => {
    const drained = member("paris", ["p:80 draining"], { drain: true });
    assert.deepEqual(chosen(drained, member("london", ["l:80 draining"])), [["london l:80"], ["drainingOnly"]]);
    assert.deepEqual(chosen(drained), [["paris p:80"], ["drainIgnored", "drainingOnly"]]);
  });

  test("nothing where there is nothing, and never what is not ready", () => {
    assert.deepEqual(chosen(), [[], []]);
    assert.deepEqual(chosen(member("london", ["l:80 notReady"]), member("paris", [])), [[], []]);
  });

  test("the weight of each cluster for each of its endpoints", () => {
    const { groups } = select([member("london", ["l:80"], { weight: 3 }), member("paris", ["p:80", "q:80"])]);
    assert.deepEqual(
      groups.map(({ cluster, priority, weight }) => [cluster, priority, weight]),
      [
        ["london", 0, 3],
        ["paris", 0, 1],
      ],
    );
  });
});

describe("a preference", () => {
  /** As `cluster priority`. */
  const order = (affinity: Affinity, ...members: readonly Member[]) =>
    select(members, { here: "london", affinity }).groups.map(({ cluster, priority }) => `${cluster} ${priority}`);
  const london = member("london", ["a:80"]);
  const paris = member("paris", ["b:80"]);
  const rome = member("rome", ["c:80"]);

  test("for nobody changes nothing", () => {
    assert.deepEqual(order("none", london, paris), ["london 0", "paris 0"]);
  });

  test("for local endpoints keeps the others for when there are none", () => {
    assert.deepEqual(order("local", london, paris, rome), ["london 0", "paris 1", "rome 1"]);
    // Terminating ones do not count as there.
    assert.deepEqual(order("local", member("london", ["a:80 draining"]), paris, rome), ["paris 0", "rome 0"]);
  });

  test("for those of others keeps the local ones", () => {
    assert.deepEqual(order("remote", london, paris, rome), ["london 1", "paris 0", "rome 0"]);
    assert.deepEqual(order("remote", london), ["london 0"]);
  });
});
