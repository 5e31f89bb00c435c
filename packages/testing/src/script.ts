/** One stream as a script: what the client says, what the server says, in one line each. */
import {
  CLUSTER,
  type DeltaRequest,
  ENDPOINTS,
  LISTENER,
  type Resource,
  ROUTES,
  SCOPED_ROUTES,
  SECRET,
  Sequencer,
  type SequencerOptions,
  type TypeUrl,
} from "@carrick/xds/protocol";
import { resourceOf } from "./meaning.ts";
import { TableView } from "./table-view.ts";

export type ShortType = "LDS" | "SRDS" | "RDS" | "CDS" | "EDS" | "SDS";

export const TYPE_URLS: Readonly<Record<ShortType, TypeUrl>> = {
  LDS: LISTENER,
  SRDS: SCOPED_ROUTES,
  RDS: ROUTES,
  CDS: CLUSTER,
  EDS: ENDPOINTS,
  SDS: SECRET,
};

const EMPTY_ASSIGNMENT = (name: string): Resource => resourceOf(name, { endpoints: [] });

export class Script {
  readonly view = new TableView(Object.values(TYPE_URLS), true);
  readonly sequencer: Sequencer;
  now = 0;

  constructor(options: SequencerOptions = {}, before?: (script: Script) => void) {
    before?.(this);
    this.sequencer = new Sequencer(this.view, { absent: new Map([[ENDPOINTS, EMPTY_ASSIGNMENT]]), ...options });
    this.view.watch((changed, learned) => this.sequencer.changed(changed, learned));
  }

  /** Changes the world: `CDS a=1 b=2 -c, EDS a=1` in one commit. A version that ends in `?` is partial. */
  set(text: string, complete = true): this {
    const changes = new Map<TypeUrl, Map<string, Resource | undefined>>();
    for (const part of text.split(", ").filter(Boolean)) {
      const [type, ...words] = part.split(" ");
      const rows = new Map<string, Resource | undefined>();
      for (const word of words) {
        const [name, version] = word.split("=") as [string, string | undefined];
        if (version === undefined) rows.set(name.slice(1), undefined);
        else
          rows.set(name, { name, version, body: new Uint8Array(8), ...(version.endsWith("?") && { partial: true }) });
      }
      changes.set(TYPE_URLS[type as ShortType], rows);
    }
    this.view.change(changes, complete);
    return this;
  }

  /** The client says something; then what the server answers, each response as `CDS 1: a=1 b=2 -c`. */
  say(type: ShortType, request: DeltaRequest): string[] {
    this.sequencer.request(TYPE_URLS[type], request);
    return this.hear();
  }

  ack(type: ShortType, ...nonces: number[]): string[] {
    return nonces.flatMap((nonce) => this.say(type, { nonce: String(nonce) }));
  }

  nack(type: ShortType, nonce: number, error: string): string[] {
    return this.say(type, { nonce: String(nonce), error });
  }

  /** What the server says now. */
  hear(): string[] {
    const heard: string[] = [];
    for (let response; (response = this.sequencer.step(this.now)) !== undefined;) {
      const { type, nonce, resources, removed } = response;
      const short = Object.entries(TYPE_URLS).find(([, url]) => url === type)?.[0] ?? type;
      const words = [
        ...resources.map(({ name, version }) => `${name}=${version}`),
        ...removed.map((name) => `-${name}`),
      ];
      heard.push(`${short} ${nonce}:${words.map((word) => ` ${word}`).join("")}`);
    }
    return heard;
  }

  /** Time passes, step by step as the sequencer asks. */
  wait(ms: number): string[] {
    const end = this.now + ms;
    const heard: string[] = [];
    for (;;) {
      const next = this.sequencer.deadline(this.now);
      this.now = next === undefined || next > end ? end : next;
      heard.push(...this.hear());
      if (this.now === end) return heard;
    }
  }
}
