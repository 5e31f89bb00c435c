/** What a relay has to mend in an IP packet: it was routed once more than it should have been. Pure. */

/**
 * Gives back the hop that the way through the relay took (RFC 791, RFC 8200), with the checksum of IPv4 (RFC 1624).
 * Changes `packet`. `false` for what is no IP packet: drop it.
 */
export function giveBackHop(packet: Uint8Array): boolean {
  const version = (packet[0] ?? 0) >> 4;
  if (version === 6 && packet.length >= 40) {
    packet[7] = Math.min(255, packet[7]! + 1);
    return true;
  }
  if (version !== 4 || packet.length < 20) return false;
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const before = view.getUint16(8);
  packet[8] = Math.min(255, packet[8]! + 1);
  const after = view.getUint16(8);
  // One's complement arithmetic: carries come back in at the other end.
  let sum = (~view.getUint16(10) & 0xffff) + (~before & 0xffff) + after;
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  view.setUint16(10, ~sum & 0xffff);
  return true;
}
