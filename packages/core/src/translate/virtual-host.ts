import { create } from "@bufbuild/protobuf";
import {
  type Route,
  RouteSchema,
  type VirtualHost,
  VirtualHost_TlsRequirementType,
  VirtualHostSchema,
} from "@carrick/proto/envoy/config/route/v3/route_components_pb.js";
import type { HostRoute, HostRow } from "../derive/index.ts";

/** What a virtual host is made from. */
export interface VirtualHostInput {
  readonly host: HostRow;
  /** Plain requests are redirected to https, whatever their path. */
  readonly redirect: boolean;
  /** What takes the requests that a wildcard host must not: those with more than one label in place of `*`. */
  readonly fallback: HostRow | undefined;
  readonly upstream: (set: string) => string;
}

/**
 * Requests that never reached an application are tried again at another endpoint; everything else is the application's
 * business.
 */
const RETRY_ON = "connect-failure,refused-stream,reset-before-request";

export function virtualHost({ host, redirect, fallback, upstream }: VirtualHostInput): VirtualHost {
  const name = host.host;
  if (redirect) {
    return create(VirtualHostSchema, { name, domains: [name], requireTls: VirtualHost_TlsRequirementType.ALL });
  }
  const oneLabel = name.startsWith("*.") ? name.slice(2) : undefined;
  return create(VirtualHostSchema, {
    name,
    domains: [name],
    routes: [
      ...host.routes.map((route) => routeMessage(route, oneLabel, upstream)),
      ...(oneLabel === undefined
        ? []
        : (fallback?.routes ?? []).map((route) => routeMessage(route, undefined, upstream))),
    ],
    retryPolicy: { retryOn: RETRY_ON, numRetries: 2 },
  });
}

function routeMessage(route: HostRoute, oneLabel: string | undefined, upstream: (set: string) => string): Route {
  return create(RouteSchema, {
    match: {
      pathSpecifier: pathSpecifier(route),
      // Envoy's `*.example.com` takes any number of labels, an Ingress' takes one.
      ...(oneLabel !== undefined && {
        headers: [
          {
            name: ":authority",
            headerMatchSpecifier: {
              case: "stringMatch" as const,
              value: {
                matchPattern: {
                  case: "safeRegex" as const,
                  value: { regex: `(?i)[^.]+\\.${oneLabel.replaceAll(".", "\\.")}(:\\d+)?` },
                },
              },
            },
          },
        ],
      }),
    },
    action:
      route.set === undefined
        ? {
            case: "directResponse",
            value: { status: 503, body: bodyText("no backend: its Service or port does not exist\n") },
          }
        : {
            case: "route",
            value: { clusterSpecifier: { case: "cluster", value: upstream(route.set) } },
          },
  });
}

function bodyText(text: string) {
  return { specifier: { case: "inlineString" as const, value: text } };
}

/** Ingress path types: Exact is the path, Prefix matches by path elements. */
function pathSpecifier({ type, path }: HostRoute) {
  if (type === "Exact") return { case: "path" as const, value: path };
  return path === "/"
    ? { case: "prefix" as const, value: path }
    : { case: "pathSeparatedPrefix" as const, value: path };
}
