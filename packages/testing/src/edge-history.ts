/**
 * One random history of a stream: a world that changes, two replicas that see it and restart, and a client that reads
 * when it likes. What comes of it is a list of harm: moments in which traffic suffered, and what is not as it should
 * be.
 */
import { CLUSTER, ENDPOINTS, LISTENER, ROUTES, type Rules, SECRET } from "@carrick/xds/protocol";
import { EDGE_TYPES, EdgeWorld, ReplicaView } from "./edge-world.ts";
import type { Damage } from "./envoy-model.ts";
import { Link } from "./link.ts";
import { meaningOf } from "./meaning.ts";
import { type Random, randomOf } from "./random.ts";

const EVENTS = 60;

export interface EdgeOutcome {
  /** Moments in which traffic suffered, and what should have been and is not. */
  readonly harm: readonly string[];
  readonly rejected: number;
  readonly reconnects: number;
  /** Envoy does not answer any more, or goes on with a listener that is gone, and no server could know why. */
  readonly lost: boolean;
}

export class EdgeHistory {
  /** Whether there are bad resources. */
  readonly #faults: boolean;
  readonly #random: Random;
  readonly #world: EdgeWorld;
  readonly #replicas: [ReplicaView, ReplicaView];
  readonly #link: Link;
  readonly #harm: string[] = [];
  /** What the client held when it came to a replica that does not know `paris`. */
  #held: ReadonlyMap<string, number> | undefined;
  /** What a replica could not know when the client came from another one. */
  readonly #lost = new Set<string>();
  /** Of which Envoy reported to another replica a version that it does not live by, as `type name`. */
  readonly #misreported = new Set<string>();
  #at = 0;
  #reconnects = 0;
  #rejected = 0;

  constructor(seed: number, rules: Rules) {
    this.#faults = seed % 3 > 0;
    this.#random = randomOf(seed);
    this.#world = new EdgeWorld(this.#random);
    // Now and then a client's first replica has not seen all sources.
    const known = this.#random(6) > 0;
    this.#replicas = [new ReplicaView(this.#world, known), new ReplicaView(this.#world)];
    this.#link = new Link(this.#replicas[0], rules, 1 + this.#random(3));
  }

  run(): EdgeOutcome {
    for (let event = 0; event < EVENTS; event++) this.#event();
    this.#know();
    // Clusters whose endpoints are refused warm until their time is over, one after the other.
    this.#link.settle(200_000);
    if (!this.#isLost()) this.#checkHeld();
    this.#rejected += this.#link.sequencer.state().reduce((sum, { rejected }) => sum + rejected.length, 0);
    this.#world.repair();
    this.#refresh();
    this.#link.settle();
    if (this.#isLost()) return { harm: [], rejected: 0, reconnects: 0, lost: true };
    this.#checkHeld();
    this.#checkQuiet();
    this.#checkResume();
    this.#checkForgotten();
    if (this.#link.crowded > 0) this.#harm.push(`crowded: ${this.#link.crowded}`);
    const { envoy } = this.#link;
    for (const damage of envoy.damage) {
      if (this.#isExcused(damage)) continue;
      this.#harm.push(`${damage.kind}: ${damage.name}`);
    }
    for (const name of envoy.clusters.stalled) {
      const { tainted, dropped } = this.#world;
      if (!tainted.has(name) && !dropped.has(name) && !this.#lost.has(name)) this.#harm.push(`stalled: ${name}`);
    }
    return { harm: this.#harm, rejected: this.#rejected, reconnects: this.#reconnects, lost: false };
  }

  /** Where something is bad, traffic may suffer; where nothing ever was, it may not. */
  #isExcused(damage: Damage): boolean {
    const { tainted, emptied } = this.#world;
    if (damage.kind === "no routes" || damage.kind === "no scope") return tainted.size > 0;
    return tainted.has(damage.name) || (damage.kind === "emptied" && emptied.has(damage.name));
  }

  /**
   * Envoy waits for the removal of a refused cluster, or serves by a listener of a refused response, of which only
   * another replica knew.
   */
  #isLost(): boolean {
    const { envoy } = this.#link;
    const listeners = this.#world.rows(true).get(LISTENER)!;
    const gone = [...envoy.live(LISTENER).keys()].filter((name) => !listeners.has(name));
    return [...envoy.clusters.stuck, ...gone].some((name) => this.#lost.has(name));
  }

  #event(): void {
    const link = this.#link;
    switch (this.#random(16)) {
      case 0:
      case 1:
      case 2: {
        for (let writes = 1 + this.#random(3); writes > 0; writes--) this.#world.write(this.#faults);
        return this.#refresh();
      }
      case 3:
      case 4:
      case 5:
        return void link.write();
      case 6:
      case 7:
      case 8:
        return void link.read();
      case 9:
      case 10:
      case 11:
        return void link.hear();
      case 12:
        if (this.#random(4) > 0) return link.pass(this.#random(150));
        // A server that lives does not leave requests unread for long.
        while (link.hear());
        return link.pass(this.#random(3000));
      case 13:
        while ([link.write(), link.read(), link.hear()].includes(true));
        return;
      case 14:
        return this.#random(3) === 0 ? this.#reconnect() : undefined;
      default:
        return this.#random(4) === 0 ? this.#restart() : this.#know();
    }
  }

  #refresh(): void {
    for (const replica of this.#replicas) replica.refresh();
    this.#checkKept();
  }

  #reconnect(): void {
    const same = this.#random(2) === 0;
    if (!same) {
      this.#at = 1 - this.#at;
      this.#lose();
    }
    this.#reconnects++;
    this.#forget(same);
    this.#link.reconnect(this.#replicas[this.#at]!, same);
    this.#held = this.#replicas[this.#at]!.parisKnown ? undefined : this.#parisEndpoints();
  }

  /** The replica starts again, and does not see `paris` yet. */
  #restart(): void {
    this.#replicas[this.#at] = new ReplicaView(this.#world, false);
    this.#lose();
    this.#forget(false);
    this.#reconnects++;
    this.#link.reconnect(this.#replicas[this.#at]!, false);
    this.#held = this.#parisEndpoints();
  }

  #lose(): void {
    const { envoy, sequencer } = this.#link;
    for (const names of sequencer.leftovers().values()) for (const name of names) this.#lost.add(name);
    // Of clusters and listeners the new version is reported while it warms.
    for (const type of [ENDPOINTS, ROUTES, SECRET]) {
      const live = envoy.live(type);
      for (const [name, version] of envoy.reported(type)) {
        if (live.has(name) && live.get(name) !== version) this.#misreported.add(`${type} ${name}`);
      }
    }
  }

  /** What the next replica cannot know: refused clusters of which Envoy was not freed, and versions long gone. */
  #forget(same: boolean): void {
    const { stuck, active, silent } = this.#link.envoy.clusters;
    // The same replica knows of those that were new, if Envoy asks for clusters again.
    for (const name of stuck) if (!same || silent || active.has(name)) this.#lost.add(name);
    const source = this.#replicas[this.#at]!.source(CLUSTER)!;
    for (const [name, version] of active) {
      const known = source.get(name)?.version === version || source.earlier?.(name, version) !== undefined;
      if (!known) this.#lost.add(name);
    }
  }

  #know(): void {
    this.#checkKept();
    this.#held = undefined;
    for (const replica of this.#replicas) {
      if (replica.parisKnown) continue;
      replica.parisKnown = true;
      replica.refresh();
    }
  }

  #parisEndpoints(): Map<string, number> {
    const { clusters } = this.#link.envoy;
    const count = (name: string) =>
      clusters.assignments.get(name)?.filter((one) => one.startsWith("paris/")).length ?? 0;
    return new Map([...clusters.active.keys()].map((name) => [name, count(name)]));
  }

  /** Nothing is removed or shrinks while only a part of the world is known. */
  #checkKept(): void {
    if (this.#held === undefined) return;
    const now = this.#parisEndpoints();
    for (const [name, count] of this.#held) {
      if (this.#lost.has(name) || this.#world.dropped.has(name)) continue;
      const left = now.get(name);
      if (left === undefined) this.#harm.push(`half-known: ${name} removed`);
      else if (left < Math.min(count, this.#world.parisEndpoints(name))) this.#harm.push(`half-known: ${name} shrank`);
    }
  }

  /** The client lives by exactly the world, but for what it refused: there the last good version stays. */
  #checkHeld(): void {
    const { envoy, sequencer } = this.#link;
    const rows = this.#world.rows(true);
    const rejected = new Map(sequencer.state().map((state) => [state.type, state.rejected]));
    // What a refused resource may still name stays.
    const kept = [...rejected.values()].some((list) => list.length > 0);
    for (const type of EDGE_TYPES) {
      const live = envoy.live(type);
      const wanted = rows.get(type)!;
      if (type === ENDPOINTS) this.#checkBare();
      const named = type === ROUTES || type === SECRET || type === ENDPOINTS;
      for (const name of live.keys()) {
        if (type === ENDPOINTS && this.#world.isBare(name)) continue;
        if (!wanted.has(name) && !kept && !this.#lost.has(name) && (!named || type === ENDPOINTS))
          this.#harm.push(`left over: ${type} ${name}`);
      }
      for (const [name, resource] of wanted) {
        if (!envoy.wants(type, name)) continue;
        if (type === ENDPOINTS && !envoy.clusters.active.has(name)) continue;
        if (type === CLUSTER && kept && envoy.clusters.stuck.length > 0) continue;
        if (type === CLUSTER && rejected.get(ENDPOINTS)?.some((one) => one.name === name)) continue;
        const parked = rejected.get(type)?.find((one) => one.name === name);
        if (meaningOf(resource).bad !== undefined) {
          if (parked?.version !== resource.version) this.#harm.push(`bad, but not parked: ${type} ${name}`);
        } else if (live.get(name) === resource.version) {
          if (parked !== undefined) this.#harm.push(`good, but parked: ${type} ${name}`);
        } else if (!this.#misreported.has(`${type} ${name}`)) this.#harm.push(`missing: ${type} ${name}`);
      }
    }
  }

  /** Of a cluster whose endpoints are gone, the client uses none. */
  #checkBare(): void {
    const { active, assignments } = this.#link.envoy.clusters;
    for (const name of active.keys()) {
      if (this.#world.isBare(name) && assignments.get(name)?.length !== 0) this.#harm.push(`stale endpoints: ${name}`);
    }
  }

  #checkQuiet(): void {
    const { envoy, sequencer } = this.#link;
    for (const { type, held, pending, withheld, inFlight, rejected } of sequencer.state()) {
      if (pending + withheld + inFlight + rejected.length > 0) this.#harm.push(`not at rest: ${type}`);
      if (type === CLUSTER && held !== envoy.clusters.active.size) this.#harm.push(`believes in ${held} clusters`);
    }
    if (envoy.clusters.warms || envoy.clusters.stuck.length > 0) this.#harm.push("warming without end");
  }

  /** Another replica sends nothing to a client that has everything. */
  #checkResume(): void {
    this.#link.reconnect(this.#replicas[1 - this.#at]!, false);
    this.#link.settle(10_000);
    if (this.#link.sent > 0) this.#harm.push(`resume sent ${this.#link.sent}`);
  }

  /** Of a world that is gone only the names are remembered that the client still asks for. */
  #checkForgotten(): void {
    this.#world.clear();
    this.#refresh();
    this.#link.settle();
    for (const { type, entries } of this.#link.sequencer.state()) {
      // Each is remembered as asked for, and as told to be absent.
      const bound = 2 * this.#link.envoy.names(type).size;
      if (entries > bound) this.#harm.push(`remembers ${entries} of ${type}, not ${bound}`);
    }
    this.#checkHeld();
  }
}
