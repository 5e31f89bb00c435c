/**
 * Brings what is wanted into the service map, so that no look-up ever sees half of a change.
 *
 * A change makes before it breaks: rows of new backends, images, heads (each a service's one store), frontends; then
 * rows of backends that leave. Memory and slots that nothing leads to are used again after a grace period. A change
 * that fails leaves the rest standing, and what could not be done is done by the next flush.
 */
import { backendsAfter, backendsBefore, type RowWork } from "./publish-backends.ts";
import { type Condition, full } from "./conditions.ts";
import { Desired } from "./desired.ts";
import type { Frontend, ServiceDescription, WantedService } from "./description.ts";
import { adopt } from "./adopt.ts";
import { NO_ROWS, rowChanges, wantedRows } from "./backend-rows.ts";
import { frontendKey, keyText } from "./frontend.ts";
import { encodeImage, ImageError } from "./image.ts";
import { ImageWriter, type Publication } from "./image-writer.ts";
import type { Ownership } from "./ownership.ts";
import { publishAddresses, publishFrontends, type FrontendWork } from "./publish-frontends.ts";
import { addressOf, type Published, type Slot } from "./published.ts";
import { Reclaimer } from "./reclaimer.ts";
import type { ServiceMaps } from "./service-maps.ts";

export class Publisher {
  readonly #maps: ServiceMaps;
  readonly #owner: Ownership;
  readonly #now: () => number;
  readonly #desired = new Desired();
  readonly #published: Published;
  readonly #reclaimer: Reclaimer;
  readonly #images: ImageWriter;
  readonly #conditions = new Map<string, Condition>();
  /** Did not fit: tried again when something was removed. */
  #waitingServices = new Set<string>();
  #waitingFrontends = new Set<string>();
  #waitingAddresses = new Set<string>();
  #complete = false;
  /** What was found and is not wanted is to be removed by the next flush. */
  #prunes = false;
  /** A flush broke off, so that slots may be unused which nobody remembers. */
  #brokeOff = false;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(maps: ServiceMaps, owner: Ownership, now: () => number) {
    this.#maps = maps;
    this.#owner = owner;
    this.#now = now;
    const { published, space } = adopt(maps);
    this.#published = published;
    this.#reclaimer = new Reclaimer(maps, owner, published, space, () => this.#retryWaiting());
    this.#images = new ImageWriter(maps, owner, space, this.#reclaimer);
  }

  /**
   * Takes over what is in the maps and serves it on. `now` gives the time in ticks. Throws `FencedError`,
   * `SystemError`; an error when images overlap.
   */
  static async open(maps: ServiceMaps, owner: Ownership, now: () => number): Promise<Publisher> {
    if (maps.segments === 0) await maps.addSegment();
    // A program may be about to read what the last writer unpublished.
    await maps.grace();
    const publisher = new Publisher(maps, owner, now);
    publisher.#retireUnused(publisher.#published.slots.values());
    await publisher.#reclaimer.run();
    return publisher;
  }

  /** What is not served as it is wanted, by service key or frontend. */
  get conditions(): ReadonlyMap<string, Condition> {
    return this.#conditions;
  }

  /** Whether the frontend is served now, by this process or since before it started. */
  serves(frontend: Frontend): boolean {
    return this.#published.frontends.has(keyText(frontendKey(frontend)));
  }

  /**
   * `undefined` removes it. Seen after the next flush. A service that is told with its frontends, in one flush, keeps
   * the slot and the uid that it had under the writer before: affinity and pins go on.
   */
  setService(key: string, service: WantedService | undefined): void {
    this.#desired.setService(key, service);
  }

  /** Leads a frontend to a service; `undefined` removes it. Seen after the next flush. */
  setFrontend(frontend: Frontend, service: string | undefined): void {
    this.#desired.setFrontend(frontend, service);
  }

  /**
   * Everything that is wanted has been told: what else was found in the maps is removed with the next flush. Until then
   * it is served on, since unknown is not absent.
   */
  complete(): void {
    if (this.#complete) return;
    this.#complete = true;
    this.#prunes = true;
    const unwanted = [...this.#published.frontends.keys()].filter((text) => !this.#desired.frontends.has(text));
    this.#desired.touch([], [...unwanted, ...this.#desired.frontends.keys()]);
  }

  /**
   * Publishes what has changed; in force when it resolves. Memory is freed later (`settled`). Throws `FencedError`,
   * `SystemError`.
   */
  flush(): Promise<void> {
    const done = this.#last.then(() => this.#flush());
    this.#last = done.catch(() => {});
    return done;
  }

  /** Resolves when nothing waits to be freed. Throws as `flush`. */
  async settled(): Promise<void> {
    await this.#last;
    await this.#reclaimer.run();
    await this.#last;
  }

  async #flush(): Promise<void> {
    const { services, frontends } = this.#desired.takeChanged();
    try {
      this.#owner.check();
      await this.#publish(services, frontends);
    } catch (error) {
      this.#desired.touch(services, frontends);
      this.#brokeOff = true;
      this.#prunes = this.#complete;
      throw error;
    }
    this.#reclaimer.start();
  }

  async #publish(services: ReadonlySet<string>, frontends: ReadonlySet<string>): Promise<void> {
    const slots = new Set<Slot>();
    const rows: RowWork[] = [];
    const publications: Publication[] = [];
    try {
      for (const key of services) {
        const own = this.#published.slotOf(key);
        if (own !== undefined) slots.add(own);
        const publication = await this.#prepare(key, rows);
        if (publication !== undefined) publications.push(publication);
      }
      // Room may have been waited for: from here to the end nothing is.
      this.#owner.check();
      const incomplete = backendsBefore(this.#maps, this.#published, rows, this.#now(), this.#conditions);
      for (const key of incomplete) this.#waitingServices.add(key);
    } catch (error) {
      // Nobody has seen these images.
      for (const publication of publications) this.#images.discard(publication);
      throw error;
    }
    const texts = new Set(frontends);
    for (const publication of publications) {
      const { service, image } = publication.slot;
      if (image === undefined) for (const text of this.#desired.frontendsOf(service!)) texts.add(text);
      this.#images.publish(publication);
    }
    const freed = this.#leadFrontends(texts, slots);
    backendsAfter(this.#maps, this.#published, rows, this.#now());
    this.#retireUnused(this.#brokeOff ? this.#published.slots.values() : slots);
    this.#brokeOff = false;
    if (this.#prunes) this.#dropForeignRows();
    this.#prunes = false;
    if (freed || rows.some(({ gone }) => gone.length > 0)) this.#retryWaiting();
  }

  /** Whether frontends were removed. Adds the slots to which one led. */
  #leadFrontends(texts: ReadonlySet<string>, slots: Set<Slot>): boolean {
    const work = Array.from(texts, (text) => this.#frontendWork(text));
    for (const { was } of work) {
      const slot = was?.slot === undefined ? undefined : this.#published.slots.get(was.slot);
      if (slot !== undefined) slots.add(slot);
    }
    const map = this.#maps.frontends;
    const { freed, refused } = publishFrontends(map, this.#published, work, this.#conditions);
    for (const text of refused) this.#waitingFrontends.add(text);
    const addresses = new Set(work.flatMap(({ key }) => (key === undefined ? [] : [addressOf(key)])));
    if (this.#prunes) for (const address of this.#published.addresses.keys()) addresses.add(address);
    if (freed) for (const address of this.#waitingAddresses) addresses.add(address);
    const full = publishAddresses(map, this.#published, addresses, this.#complete, this.#conditions);
    for (const address of addresses) this.#waitingAddresses.delete(address);
    for (const address of full) this.#waitingAddresses.add(address);
    return freed;
  }

  /** Chooses the slot and writes the image where nobody looks yet. */
  async #prepare(key: string, rows: RowWork[]): Promise<Publication | undefined> {
    const service = this.#desired.service(key);
    this.#conditions.delete(key);
    this.#waitingServices.delete(key);
    const own = this.#published.slotOf(key);
    if (service === undefined) {
      if (own === undefined) return undefined;
      rows.push({ service: key, uid: own.uid, wanted: NO_ROWS, ...rowChanges(this.#published.rows(own.uid), NO_ROWS) });
      this.#published.disown(own);
      return undefined;
    }
    const slot = own ?? this.#findSlot(key);
    if (slot === undefined) return this.#wait(key, "heads", this.#maps.slotLimit - 1);
    const bytes = this.#encode(key, service, slot);
    if (bytes === undefined) return undefined;
    const wanted = wantedRows(service, slot.uid);
    const work = { service: key, uid: slot.uid, wanted, ...rowChanges(this.#published.rows(slot.uid), wanted) };
    const isPublished = this.#images.isPublished(slot, bytes);
    const publication = isPublished ? undefined : await this.#images.write(slot, bytes);
    if (publication === undefined && !isPublished) return this.#wait(key, "segments", this.#maps.segmentLimit);
    rows.push(work);
    return publication;
  }

  #wait(key: string, map: string, limit: number): undefined {
    this.#conditions.set(key, full(key, map, limit));
    this.#waitingServices.add(key);
    return undefined;
  }

  /** The slot to which a frontend of this service leads since before this process started, else a new one. */
  #findSlot(key: string): Slot | undefined {
    for (const text of this.#desired.frontendsOf(key)) {
      const number = this.#published.frontends.get(text)?.slot;
      const slot = number === undefined ? undefined : this.#published.slots.get(number);
      if (slot?.image !== undefined && slot.service === undefined) return this.#published.claim(slot, key);
    }
    const slot = this.#published.takeSlot(this.#owner.nextUid());
    return slot && this.#published.claim(slot, key);
  }

  /** With the generation of the image that is published, to be compared with it. */
  #encode(key: string, service: ServiceDescription, slot: Slot): Uint8Array | undefined {
    try {
      return encodeImage(service, slot.uid, slot.image?.generation ?? 0);
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      const rest = slot.image === undefined ? "it is not served" : "what was published before is served on";
      this.#conditions.set(key, { reason: "Invalid", message: `${key}: ${error.message}; ${rest}` });
      return undefined;
    }
  }

  #frontendWork(text: string): FrontendWork {
    const was = this.#published.frontends.get(text);
    const wanted = this.#desired.frontends.get(text);
    this.#waitingFrontends.delete(text);
    if (wanted === undefined) return { text, key: was?.key, was, wanted: undefined };
    const { frontend, key, service } = wanted;
    const slot = this.#published.slotOf(service);
    if (slot?.image !== undefined) return { text, key, was, wanted: { frontend, slot: slot.slot } };
    // Of its service nothing is known yet, or it does not fit: what was found is served on until everything is told.
    const stays = !this.#complete && was?.slot !== undefined;
    return { text, key, was, wanted: stays ? { frontend, slot: was.slot } : undefined };
  }

  /** Slots that no service has and no frontend leads to. */
  #retireUnused(slots: Iterable<Slot>): void {
    for (const slot of slots) {
      if (slot.service !== undefined || slot.frontends > 0 || !this.#published.slots.delete(slot.slot)) continue;
      this.#reclaimer.retireSlot(slot.slot);
      if (slot.image !== undefined) this.#reclaimer.retireExtent(slot.image.extent);
    }
  }

  /** Rows of services that are not there any more: a writer may have ended before it published their image. */
  #dropForeignRows(): void {
    const uids = new Set(Array.from(this.#published.slots.values(), ({ uid }) => uid));
    for (const uid of this.#published.uidsWithRows()) {
      if (uids.has(uid)) continue;
      this.#maps.backends.deleteAll(Array.from(this.#published.rows(uid).values(), ({ key }) => key));
      this.#published.setRows(uid, NO_ROWS);
    }
  }

  #retryWaiting(): void {
    if (this.#waitingServices.size + this.#waitingFrontends.size === 0) return;
    const services = this.#waitingServices;
    this.#waitingServices = new Set();
    const frontends = new Set(this.#waitingFrontends);
    this.#waitingFrontends = new Set();
    for (const key of services) for (const text of this.#desired.frontendsOf(key)) frontends.add(text);
    this.#desired.touch(services, frontends);
    // What fails is kept as a change, and said by the next flush.
    this.flush().catch(() => {});
  }
}
