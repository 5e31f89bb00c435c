import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type HeaderMatcher,
  HeaderMatcherSchema,
  type Route,
  RouteSchema,
  type VirtualHost,
  VirtualHostSchema,
} from "@carrick/proto/envoy/config/route/v3/route_components_pb.js";
import type { HostRoute } from "../derive/index.ts";

/** What a virtual host is made from. */
export interface VirtualHostInput {
  readonly domain: string;
  /** In the order of matching. */
  readonly routes: readonly HostRoute[];
  /** Plain requests are redirected to https, whatever their path. */
  readonly redirect: boolean;
  /** What takes the requests that a wildcard must not: those with more than one label in place of `*`. */
  readonly fallback: readonly HostRoute[];
  readonly upstream: (set: string) => string;
}

/**
 * Requests that never reached an application are tried again at another endpoint; everything else is the application's
 * business.
 */
const RETRY_ON = "connect-failure,refused-stream,reset-before-request";

/**
 * Envoy's default cuts every request after 15 s, streams and long downloads too. How long an answer takes is the
 * application's business; a stream on which nothing moves ends by `stream_idle_timeout`.
 */
const UNBOUNDED = {};

export function virtualHost({ domain, routes, redirect, fallback, upstream }: VirtualHostInput): VirtualHost {
  const names = { name: domain, domains: [domain] };
  const wild = domain.startsWith("*.");
  const oneLabel = wild ? [oneLabelMatch(domain.slice(2))] : [];
  const routeTo = (route: HostRoute, headers: HeaderMatcher[]) =>
    create(RouteSchema, { match: { pathSpecifier: pathSpecifier(route), headers }, action: action(route, upstream) });
  return create(VirtualHostSchema, {
    ...names,
    routes: [
      ...(redirect ? [redirectRoute(oneLabel)] : routes.map((route) => routeTo(route, oneLabel))),
      // Of one label too, a wildcard without a rule for the path answers 404, as an exact host does.
      ...fallback.map((route) => routeTo(route, [moreLabelsMatch(domain.slice(2))])),
    ],
    ...(!(redirect && fallback.length === 0) && { retryPolicy: { retryOn: RETRY_ON, numRetries: 2 } }),
  });
}

/** Envoy's `*.example.com` takes any number of labels, an Ingress' takes one. */
function oneLabelMatch(suffix: string): HeaderMatcher {
  return create(HeaderMatcherSchema, {
    name: ":authority",
    headerMatchSpecifier: {
      case: "stringMatch",
      value: {
        matchPattern: {
          case: "safeRegex",
          value: { regex: `(?i)[^.]+\\.${suffix.replaceAll(".", "\\.")}(:\\d+)?` },
        },
      },
    },
  });
}

function moreLabelsMatch(suffix: string): HeaderMatcher {
  return create(HeaderMatcherSchema, { ...oneLabelMatch(suffix), invertMatch: true });
}

/** Envoy drops a port of 80 when it redirects to https; another one is the operator's and stays. */
function redirectRoute(headers: HeaderMatcher[]): Route {
  return create(RouteSchema, {
    match: { pathSpecifier: { case: "prefix", value: "/" }, headers },
    action: { case: "redirect", value: { schemeRewriteSpecifier: { case: "httpsRedirect", value: true } } },
  });
}

function action(
  { set }: HostRoute,
  upstream: (set: string) => string,
): NonNullable<MessageInitShape<typeof RouteSchema>["action"]> {
  return set === undefined
    ? {
        case: "directResponse",
        value: { status: 503, body: bodyText("no backend: its Service or port does not exist\n") },
      }
    : { case: "route", value: { clusterSpecifier: { case: "cluster", value: upstream(set) }, timeout: UNBOUNDED } };
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
