/** Locally administered; the last bytes say which link it is. */
export function macOf(side: 0 | 1, at: number): string {
  const bytes = [0x02, 0xca, 0x00, side, at >> 8, at & 0xff];
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}
