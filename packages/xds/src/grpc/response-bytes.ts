/**
 * A DeltaDiscoveryResponse from ready bytes: bodies are copied into place once, never decoded, and the envelopes are
 * written around them. Fields stand in the order of their numbers, as every canonical encoder writes them.
 */
import type { DeltaResponse, Resource } from "../protocol/index.ts";

// Tags (number << 3 | wire type 2, length-delimited) of DeltaDiscoveryResponse, Resource and Any.
const RESPONSE = { resources: 0x12, typeUrl: 0x22, nonce: 0x2a, removed: 0x32 } as const;
const RESOURCE = { version: 0x0a, resource: 0x12, name: 0x1a } as const;
const ANY = { typeUrl: 0x0a, value: 0x12 } as const;

interface Sizes {
  readonly resource: Resource;
  readonly version: number;
  readonly name: number;
  readonly any: number;
  /** Of the whole Resource message. */
  readonly total: number;
}

export function encodeResponse({ type, nonce, resources, removed }: DeltaResponse): Buffer {
  const typeBytes = Buffer.from(type);
  const sizes = resources.map((resource) => sizesOf(resource, typeBytes.length));
  const removedBytes = removed.map((name) => Buffer.from(name));
  const nonceBytes = Buffer.from(nonce);
  let total = optional(typeBytes.length) + optional(nonceBytes.length);
  for (const size of sizes) total += field(size.total);
  for (const name of removedBytes) total += field(name.length);

  const writer = new Writer(total);
  for (const size of sizes) writeResource(writer, size, typeBytes);
  writer.optionalBytes(RESPONSE.typeUrl, typeBytes);
  writer.optionalBytes(RESPONSE.nonce, nonceBytes);
  for (const name of removedBytes) writer.bytes(RESPONSE.removed, name);
  return writer.buffer;
}

function writeResource(writer: Writer, { resource, version, name, any, total }: Sizes, type: Buffer): void {
  writer.head(RESPONSE.resources, total);
  if (version > 0) writer.text(RESOURCE.version, resource.version, version);
  writer.head(RESOURCE.resource, any);
  writer.optionalBytes(ANY.typeUrl, type);
  writer.optionalBytes(ANY.value, resource.body);
  if (name > 0) writer.text(RESOURCE.name, resource.name, name);
}

function sizesOf(resource: Resource, type: number): Sizes {
  const version = Buffer.byteLength(resource.version);
  const name = Buffer.byteLength(resource.name);
  const any = optional(type) + optional(resource.body.length);
  return { resource, version, name, any, total: optional(version) + field(any) + optional(name) };
}

/** Bytes of a length-delimited field; all numbers here are below 16, so a tag takes one byte. */
function field(length: number): number {
  let varint = 1;
  for (let rest = length; rest > 0x7f; rest >>>= 7) varint++;
  return 1 + varint + length;
}

/** A singular string or bytes field is left out when it is empty. */
function optional(length: number): number {
  return length === 0 ? 0 : field(length);
}

class Writer {
  readonly buffer: Buffer;
  #at = 0;

  constructor(size: number) {
    this.buffer = Buffer.allocUnsafe(size);
  }

  head(tag: number, length: number): void {
    this.buffer[this.#at++] = tag;
    let rest = length;
    for (; rest > 0x7f; rest >>>= 7) this.buffer[this.#at++] = (rest & 0x7f) | 0x80;
    this.buffer[this.#at++] = rest;
  }

  bytes(tag: number, bytes: Uint8Array): void {
    this.head(tag, bytes.length);
    this.buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  optionalBytes(tag: number, bytes: Uint8Array): void {
    if (bytes.length > 0) this.bytes(tag, bytes);
  }

  text(tag: number, text: string, length: number): void {
    this.head(tag, length);
    this.#at += this.buffer.write(text, this.#at, "utf8");
  }
}
