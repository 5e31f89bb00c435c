/** How far an address or a route reaches (`RT_SCOPE_…`). */
const SCOPES = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const;

export type Scope = keyof typeof SCOPES;

const NAMES: ReadonlyMap<number, Scope> = new Map(
  Object.entries(SCOPES).map(([name, number]) => [number, name as Scope]),
);

export function scopeNumber(scope: Scope): number {
  return SCOPES[scope];
}

/** The number itself when it has no name. */
export function nameOfScope(scope: number): Scope | number {
  return NAMES.get(scope) ?? scope;
}
