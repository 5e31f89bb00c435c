/** What is wanted, and which of it has changed since it was last looked at. Pure. */
import type { Frontend, ServiceDescription, WantedService } from "./description.ts";
import { frontendKey, keyText } from "./frontend.ts";

export interface DesiredFrontend {
  readonly frontend: Frontend;
  readonly key: Uint8Array;
  /** Key of the service behind it. */
  readonly service: string;
}

export class Desired {
  /** By the text of the key. */
  readonly frontends = new Map<string, DesiredFrontend>();
  readonly #services = new Map<string, WantedService>();
  readonly #frontendsOf = new Map<string, Set<string>>();
  #changedServices = new Set<string>();
  #changedFrontends = new Set<string>();

  /** `undefined` removes it. */
  setService(key: string, service: WantedService | undefined): void {
    const had = this.#services.has(key);
    if (service === undefined) this.#services.delete(key);
    else this.#services.set(key, service);
    this.#changedServices.add(key);
    if (had !== this.#services.has(key)) for (const text of this.frontendsOf(key)) this.#changedFrontends.add(text);
  }

  service(key: string): ServiceDescription | undefined {
    const wanted = this.#services.get(key);
    return typeof wanted === "function" ? wanted() : wanted;
  }

  /** `undefined` removes it. */
  setFrontend(frontend: Frontend, service: string | undefined): void {
    const key = frontendKey(frontend);
    const text = keyText(key);
    const before = this.frontends.get(text)?.service;
    if (before !== undefined) this.#frontendsOf.get(before)?.delete(text);
    if (service === undefined) this.frontends.delete(text);
    else {
      this.frontends.set(text, { frontend, key, service });
      const others = this.#frontendsOf.get(service) ?? new Set();
      this.#frontendsOf.set(service, others.add(text));
    }
    if (before !== undefined && this.#frontendsOf.get(before)?.size === 0) this.#frontendsOf.delete(before);
    this.#changedFrontends.add(text);
  }

  /** Texts of the keys. */
  frontendsOf(service: string): Iterable<string> {
    return this.#frontendsOf.get(service) ?? [];
  }

  /** To be looked at again. */
  touch(services: Iterable<string>, frontends: Iterable<string>): void {
    for (const key of services) this.#changedServices.add(key);
    for (const text of frontends) this.#changedFrontends.add(text);
  }

  takeChanged(): { services: ReadonlySet<string>; frontends: ReadonlySet<string> } {
    const taken = { services: this.#changedServices, frontends: this.#changedFrontends };
    this.#changedServices = new Set();
    this.#changedFrontends = new Set();
    return taken;
  }
}
