import ipaddr from "ipaddr.js";
import type { ListenAddress } from "../derive/index.ts";

/** A JSON object as it stands in a file of Envoy's. */
export type JsonObject = Readonly<Record<string, unknown>>;

export interface EdgeBootstrapOptions {
  /** Shown in Envoy's own reports. Controllers go by the certificate, never by this. */
  readonly node: { readonly id: string; readonly cluster: string };
  /** Replicas of the controller, by address or by host name. One is used at a time; when it is lost, the next. */
  readonly controllers: readonly ListenAddress[];
  /** The name that the controllers' certificates carry: a DNS name, or a URI that begins with `spiffe://`. */
  readonly serverName: string;
  readonly tls: EdgeTlsFiles;
  /** Where the administration interface listens: the path of a unix socket, or an address on the loopback. */
  readonly admin?: { readonly path: string } | ListenAddress;
  /** Connections from clients that are open at once, 50,000 unless given: beyond them Envoy closes new ones. */
  readonly maxConnections?: number;
  /** Bytes of heap at which Envoy begins to refuse work; without it only the connections are bounded. */
  readonly maxHeapBytes?: number;
  /** Prefixes of statistics to keep besides the edge's own. (`cluster.` is most of the memory with many upstreams.) */
  readonly statsPrefixes?: readonly string[];
}

/** Paths on the machine of the Envoy. */
export interface EdgeTlsFiles {
  /** The edge's certificate chain, its key, and the authority of the controllers, all PEM. */
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
  /**
   * The folder that holds the files of `edgeSecretFiles`. With them Envoy loads a renewed certificate when a file is
   * moved to its place; without, it reads the PEM files once, at its start.
   */
  readonly secrets?: string;
}

/** The cluster by which Envoy reaches its controllers. */
const CONTROLLERS = "carrick";
const CLIENT_CERTIFICATE = "carrick-client";
const AUTHORITY = "carrick-authority";
const TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3";
const MAX_CONNECTIONS = 50_000;

/** Statistics of thousands of upstreams are most of an edge's memory: only what an operator watches is kept. */
const STATS = [
  `cluster.${CONTROLLERS}.`,
  "cluster_manager.",
  "control_plane.",
  "http.http.downstream_",
  "http.http.no_",
  "http.https.downstream_",
  "http.https.no_",
  "listener.",
  "listener_manager.",
  "main_thread.",
  "overload.",
  "runtime.",
  "sds.",
  "server.",
];

/**
 * The bootstrap of one edge Envoy (1.33 or newer): everything that serves traffic comes from the controllers by delta
 * ADS over mutual TLS.
 */
export function edgeBootstrap(options: EdgeBootstrapOptions): JsonObject {
  const { node, admin, maxConnections = MAX_CONNECTIONS, maxHeapBytes, statsPrefixes = [] } = options;
  return {
    node: { id: node.id, cluster: node.cluster },
    ...(admin && { admin: { address: adminAddress(admin) } }),
    dynamic_resources: {
      ads_config: {
        api_type: "DELTA_GRPC",
        transport_api_version: "V3",
        set_node_on_first_message_only: true,
        grpc_services: [
          {
            envoy_grpc: {
              cluster_name: CONTROLLERS,
              // Envoy's default backs off for up to 30 s, which is how long a restarted controller would wait for it.
              retry_policy: { retry_back_off: { base_interval: "0.1s", max_interval: "1s" } },
            },
          },
        ],
      },
      // Without this bound of 0 (none) Envoy gives up after 15 s, says that it is live, and serves nothing.
      lds_config: { ads: {}, resource_api_version: "V3", initial_fetch_timeout: "0s" },
      cds_config: { ads: {}, resource_api_version: "V3", initial_fetch_timeout: "0s" },
    },
    static_resources: { clusters: [controllerCluster(options)] },
    stats_config: {
      stats_matcher: { inclusion_list: { patterns: [...STATS, ...statsPrefixes].map((prefix) => ({ prefix })) } },
    },
    layered_runtime: { layers: [{ name: "admin", admin_layer: {} }] },
    overload_manager: overloadManager(maxConnections, maxHeapBytes),
  };
}

/**
 * What has to stand in `tls.secrets`, by file name. Envoy follows certificates that change only for secrets that come
 * from files of their own, and only when the PEM file (or the link to its folder, as Kubernetes does it) is replaced by
 * a move, not when it is written in place.
 */
export function edgeSecretFiles(tls: EdgeTlsFiles): Readonly<Record<string, JsonObject>> {
  return {
    [`${CLIENT_CERTIFICATE}.json`]: secretFile(CLIENT_CERTIFICATE, {
      tls_certificate: { ...certificate(tls), watched_directory: { path: folderOf(tls.certificate) } },
    }),
    [`${AUTHORITY}.json`]: secretFile(AUTHORITY, {
      validation_context: {
        trusted_ca: { filename: tls.authority },
        watched_directory: { path: folderOf(tls.authority) },
      },
    }),
  };
}

/** Arguments that belong to the bootstrap: what Envoy takes only from its command line. */
export function edgeArguments(bootstrapPath: string, drainSeconds = 60): string[] {
  return [
    "--config-path",
    bootstrapPath,
    // Several Envoys on one machine; and nothing left in shared memory.
    "--disable-hot-restart",
    // Connections on a filter chain that changed are closed in this time; Envoy's default is 600 s.
    "--drain-time-s",
    String(drainSeconds),
    "--log-level",
    "warning",
  ];
}

function controllerCluster({ controllers, serverName, tls }: EdgeBootstrapOptions): JsonObject {
  const byName = controllers.some(({ address }) => !ipaddr.isValid(address));
  return {
    name: CONTROLLERS,
    type: byName ? "STRICT_DNS" : "STATIC",
    ...(byName && { dns_lookup_family: "ALL" }),
    connect_timeout: "1s",
    lb_policy: "ROUND_ROBIN",
    // A controller that does not answer connects is passed over for a while, as long as another is left.
    outlier_detection: {
      split_external_local_origin_errors: true,
      consecutive_local_origin_failure: 1,
      enforcing_consecutive_gateway_failure: 0,
      enforcing_consecutive_5xx: 0,
      enforcing_success_rate: 0,
      enforcing_local_origin_success_rate: 0,
      interval: "1s",
      base_ejection_time: "2s",
      max_ejection_time: "10s",
      max_ejection_percent: 100,
    },
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        explicit_http_config: {
          // A controller that is gone without a word is noticed in 7 s.
          http2_protocol_options: { connection_keepalive: { interval: "5s", timeout: "2s" } },
        },
      },
    },
    load_assignment: {
      cluster_name: CONTROLLERS,
      endpoints: [
        {
          lb_endpoints: controllers.map(({ address, port }) => ({ endpoint: { address: socket(address, port) } })),
        },
      ],
    },
    transport_socket: { name: "envoy.transport_sockets.tls", typed_config: upstreamTls(serverName, tls) },
  };
}

function upstreamTls(serverName: string, tls: EdgeTlsFiles): JsonObject {
  const uri = serverName.startsWith("spiffe://");
  const names = {
    match_typed_subject_alt_names: [{ san_type: uri ? "URI" : "DNS", matcher: { exact: serverName } }],
  };
  return {
    "@type": `${TLS}.UpstreamTlsContext`,
    ...(!uri && { sni: serverName }),
    common_tls_context: {
      tls_params: { tls_minimum_protocol_version: "TLSv1_3", tls_maximum_protocol_version: "TLSv1_3" },
      alpn_protocols: ["h2"],
      ...(tls.secrets === undefined
        ? {
            tls_certificates: [certificate(tls)],
            validation_context: { trusted_ca: { filename: tls.authority }, ...names },
          }
        : {
            tls_certificate_sds_secret_configs: [fromFile(tls.secrets, CLIENT_CERTIFICATE)],
            combined_validation_context: {
              default_validation_context: names,
              validation_context_sds_secret_config: fromFile(tls.secrets, AUTHORITY),
            },
          }),
    },
  };
}

function certificate({ certificate, key }: EdgeTlsFiles): JsonObject {
  return { certificate_chain: { filename: certificate }, private_key: { filename: key } };
}

function fromFile(folder: string, name: string): JsonObject {
  return {
    name,
    sds_config: { resource_api_version: "V3", path_config_source: { path: `${folder}/${name}.json` } },
  };
}

function secretFile(name: string, secret: JsonObject): JsonObject {
  return { resources: [{ "@type": `${TLS}.Secret`, name, ...secret }] };
}

function overloadManager(maxConnections: number, maxHeapBytes: number | undefined): JsonObject {
  const monitors = "type.googleapis.com/envoy.extensions.resource_monitors";
  const heap = "envoy.resource_monitors.fixed_heap";
  const action = (name: string, value: number) => ({ name, triggers: [{ name: heap, threshold: { value } }] });
  return {
    refresh_interval: "0.25s",
    resource_monitors: [
      {
        name: "envoy.resource_monitors.global_downstream_max_connections",
        typed_config: {
          "@type": `${monitors}.downstream_connections.v3.DownstreamConnectionsConfig`,
          max_active_downstream_connections: maxConnections,
        },
      },
      ...(maxHeapBytes === undefined
        ? []
        : [
            {
              name: heap,
              typed_config: {
                "@type": `${monitors}.fixed_heap.v3.FixedHeapConfig`,
                max_heap_size_bytes: maxHeapBytes,
              },
            },
          ]),
    ],
    ...(maxHeapBytes !== undefined && {
      actions: [
        action("envoy.overload_actions.shrink_heap", 0.92),
        action("envoy.overload_actions.stop_accepting_requests", 0.98),
      ],
    }),
  };
}

function adminAddress(admin: { readonly path: string } | ListenAddress): JsonObject {
  return "path" in admin ? { pipe: { path: admin.path, mode: 0o600 } } : socket(admin.address, admin.port);
}

function socket(address: string, port: number): JsonObject {
  return { socket_address: { address, port_value: port } };
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : path.slice(0, Math.max(slash, 1));
}
