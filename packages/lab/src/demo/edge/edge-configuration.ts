/** What Envoy's admin interface says of the configuration that it holds. */

/** `<kind> <name>` → version of each resource that came from a controller. Endpoints carry no version there. */
export type Configuration = ReadonlyMap<string, string>;

type Json = { readonly [field: string]: unknown };

/** Lists in `/config_dump` that hold what came by xDS, and where an entry has the name. */
const LISTS: Readonly<Record<string, (entry: Json) => unknown>> = {
  dynamic_listeners: (entry) => entry["name"],
  dynamic_active_clusters: (entry) => object(entry["cluster"])["name"],
  dynamic_route_configs: (entry) => object(entry["route_config"])["name"],
  dynamic_scoped_route_configs: (entry) => entry["name"],
  dynamic_active_secrets: (entry) => entry["name"],
};

/** Reads `/config_dump`. */
export function readConfiguration(dump: unknown): Configuration {
  const versions = new Map<string, string>();
  for (const config of list(object(dump)["configs"])) {
    for (const [kind, nameOf] of Object.entries(LISTS)) {
      for (const entry of list(object(config)[kind]).map(object)) {
        const state = entry["active_state"] === undefined ? entry : object(entry["active_state"]);
        versions.set(`${kind} ${String(nameOf(entry))}`, String(state["version_info"]));
      }
    }
  }
  return versions;
}

/** Reads `/clusters?format=json`: the addresses that each upstream uses, sorted. */
export function readEndpoints(clusters: unknown): ReadonlyMap<string, readonly string[]> {
  const statuses = list(object(clusters)["cluster_statuses"]).map(object);
  return new Map(
    statuses.map((status) => {
      const addresses = list(status["host_statuses"]).map((host) => {
        const { address, port_value } = object(object(object(host)["address"])["socket_address"]);
        return `${String(address)}:${String(port_value)}`;
      });
      return [String(status["name"]), addresses.sort()];
    }),
  );
}

function object(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
