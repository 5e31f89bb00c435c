/** Pieces of the protobuf wire format: what was encoded once is put together without decoding it. */

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 128);
  }
}

/** A message from the encoded form of some fields and, for one repeated field, the encoded form of its items. */
export function withRepeated(fields: Uint8Array, number: number, items: readonly Uint8Array[]): Uint8Array {
  const heads = items.map((item) => [...varint(number * 8 + 2), ...varint(item.length)]);
  const size = items.reduce((sum, item, i) => sum + heads[i]!.length + item.length, fields.length);
  const message = new Uint8Array(size);
  message.set(fields);
  let at = fields.length;
  for (const [i, item] of items.entries()) {
    message.set(heads[i]!, at);
    at += heads[i]!.length;
    message.set(item, at);
    at += item.length;
  }
  return message;
}
