/** What the generated codecs of the maps' layout are, and are made of. */

export interface Codec<T> {
  /** Of the struct. */
  readonly name: string;
  /** Of each field, in bytes. */
  readonly offset: Readonly<Record<string, number>>;
  /** In bytes. */
  readonly size: number;
  write(view: DataView, at: number, value: T): void;
  read(view: DataView, at: number): T;
}

export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  const bytes = new Uint8Array(codec.size);
  codec.write(new DataView(bytes.buffer), 0, value);
  return bytes;
}

/** Throws `RangeError` on another size than the codec's. */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
  if (bytes.length !== codec.size)
    throw new RangeError(`struct ${codec.name} has ${codec.size} bytes, not ${bytes.length}`);
  return codec.read(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0);
}

export function writeBytes(view: DataView, at: number, value: Uint8Array, length: number): void {
  if (value.length !== length) throw new RangeError(`the field has ${length} bytes, not ${value.length}`);
  for (let i = 0; i < length; i++) view.setUint8(at + i, value[i]!);
}

/** A copy. */
export function readBytes(view: DataView, at: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, length).slice();
}

export function zero(view: DataView, at: number, length: number): void {
  for (let i = 0; i < length; i++) view.setUint8(at + i, 0);
}
