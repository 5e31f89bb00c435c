/** Settings of the namespaces of a lab. */

export const EVERY_MACHINE = {
  // Strict filtering would drop what comes back another way when a link is cut one way.
  "ipv4/conf/all/rp_filter": 0,
  "ipv4/conf/default/rp_filter": 0,
  // Every address of the lab has one owner; a search for another would make it unusable for a second.
  "ipv6/conf/all/accept_dad": 0,
  "ipv6/conf/default/accept_dad": 0,
  "ipv6/conf/default/accept_ra": 0,
  "ipv4/conf/all/accept_redirects": 0,
  "ipv4/conf/default/accept_redirects": 0,
} as const;

/** Of the router and of nodes. */
export const FORWARDS = {
  "ipv4/ip_forward": 1,
  "ipv6/conf/all/forwarding": 1,
  "ipv4/conf/all/send_redirects": 0,
  "ipv4/conf/default/send_redirects": 0,
} as const;
