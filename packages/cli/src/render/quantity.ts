const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `3 s`, `12 min`, `2 h 5 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (ms < SECOND) return "0 s";
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) return both(ms, HOUR, "h", MINUTE, "min");
  return both(ms, DAY, "d", HOUR, "h");
}

function both(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)} ${largeName}${rest === 0 ? "" : ` ${rest} ${smallName}`}`;
}

/** `1,234` */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** `1 problem`, `2 problems`. */
export function counted(value: number, singular: string, plural = `${singular}s`): string {
  return `${count(value)} ${value === 1 ? singular : plural}`;
}

/** `12.3 kB` */
export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  if (value < 1_000_000) return `${(value / 1000).toFixed(1)} kB`;
  if (value < 1_000_000_000) return `${(value / 1_000_000).toFixed(1)} MB`;
  return `${(value / 1_000_000_000).toFixed(1)} GB`;
}

/** `33.3 %` */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** Milliseconds of `500ms`, `30s`, `2m`, `1h`; `undefined` if the text is none of these. */
export function parseDuration(text: string): number | undefined {
  const parts = /^(\d{1,6})(ms|s|m|h)$/.exec(text);
  if (parts === null) return undefined;
  return Number(parts[1]) * { ms: 1, s: SECOND, m: MINUTE, h: HOUR }[parts[2] as "ms" | "s" | "m" | "h"];
}
