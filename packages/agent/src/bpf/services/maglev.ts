/**
 * Maglev consistent hashing (Eisenbud et al., NSDI 2016, section 3.4): each member gets nearly the same part of the
 * ring, and a member that comes or goes moves few entries of the others. A function of the names alone: all nodes have
 * the same ring.
 */

/** For each entry of the ring the position of its member. `size` is a prime number above the number of names. */
export function maglev(names: readonly Uint8Array[], size: number): Uint16Array {
  const ring = new Uint16Array(size);
  const taken = new Uint8Array(size);
  const at = names.map((name) => hash(name, 0x811c9dc5) % size);
  const step = names.map((name) => (hash(name, 0x9747b28c) % (size - 1)) + 1);
  for (let filled = 0; filled < size;) {
    for (let member = 0; member < names.length && filled < size; member++, filled++) {
      while (taken[at[member]!] === 1) at[member] = (at[member]! + step[member]!) % size;
      ring[at[member]!] = member;
      taken[at[member]!] = 1;
    }
  }
  return ring;
}

/** FNV-1a with a finish that spreads the last bytes. */
function hash(bytes: Uint8Array, seed: number): number {
  let value = seed;
  for (const byte of bytes) value = Math.imul(value ^ byte, 0x01000193);
  value = Math.imul(value ^ (value >>> 15), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}
