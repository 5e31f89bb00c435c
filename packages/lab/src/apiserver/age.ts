/** Ages as `kubectl` shows them: 45s, 5m30s, 3h, 2d4h, 400d. */
export function age(timestamp: string | null | undefined, now: number): string {
  const since = timestamp === undefined || timestamp === null ? Number.NaN : Date.parse(timestamp);
  if (Number.isNaN(since)) return "<unknown>";
  const seconds = Math.max(0, Math.floor((now - since) / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return two(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return two(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  return days < 8 ? two(days, "d", hours % 24, "h") : `${days}d`;
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
}
