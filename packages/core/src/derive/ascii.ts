/** The bytes of a text of ASCII characters, such as names of objects and hosts are. (`TextEncoder` is no part of pure code.) */
export function ascii(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
