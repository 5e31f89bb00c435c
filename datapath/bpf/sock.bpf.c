/*
 * Services at the socket: connect and sendmsg get the address of a backend, recvmsg and getpeername show the service's.
 * Attached to a cgroup. IPv4 and IPv6, TCP and UDP; an IPv6 socket that dials ::ffff:a.b.c.d comes by the hooks for
 * IPv6 (or, in sendmsg, by those for IPv4), and means the IPv4 service.
 */
#include <linux/in.h>

#include "../include/pick.h"

#define ECONNREFUSED 111
#define ALLOW 1
#define DENY 0

/* Sockets that were connected to a service; lives and dies with the socket. */
struct {
  __uint(type, BPF_MAP_TYPE_SK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct connection);
} connections SEC(".maps");

/* UDP sockets without a connection: the backend that they have of a frontend, */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 65536);
  __type(key, struct socket_key);
  __type(value, struct udp_pin);
} udp_pins SEC(".maps");

/* and the frontend that a backend answers for. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 65536);
  __type(key, struct socket_key);
  __type(value, struct endpoint);
} reverse SEC(".maps");

static __always_inline struct endpoint dialled4(struct bpf_sock_addr *ctx) {
  return (struct endpoint){.ip = {{0, 0, bpf_htonl(0xffff), ctx->user_ip4}}, .port = ctx->user_port};
}

static __always_inline struct endpoint dialled6(struct bpf_sock_addr *ctx) {
  return (struct endpoint){
      .ip = {{ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3]}},
      .port = ctx->user_port,
  };
}

static __always_inline void set4(struct bpf_sock_addr *ctx, const struct endpoint *to) {
  ctx->user_ip4 = to->ip.word[3];
  ctx->user_port = to->port;
}

static __always_inline void set6(struct bpf_sock_addr *ctx, const struct endpoint *to) {
  ctx->user_ip6[0] = to->ip.word[0];
  ctx->user_ip6[1] = to->ip.word[1];
  ctx->user_ip6[2] = to->ip.word[2];
  ctx->user_ip6[3] = to->ip.word[3];
  ctx->user_port = to->port;
}

static __always_inline bool is_same(const struct endpoint *a, const struct endpoint *b) {
  return a->ip.word[0] == b->ip.word[0] && a->ip.word[1] == b->ip.word[1] && a->ip.word[2] == b->ip.word[2] &&
         a->ip.word[3] == b->ip.word[3] && a->port == b->port;
}

static __always_inline __u16 tag_of(const struct socket_key *key) {
  const __u32 *word = key->endpoint.ip.word;
  __u64 hash = (key->cookie ^ ((__u64)word[1] << 32 | word[0])) * 0x9E3779B97F4A7C15ULL;
  hash ^= hash >> 29;
  hash = (hash ^ ((__u64)word[3] << 32 | word[2]) ^ key->endpoint.port) * 0xBF58476D1CE4E5B9ULL;
  return hash >> 48;
}

static __always_inline enum verdict pick_for_socket(struct bpf_sock_addr *ctx, const struct endpoint *dialled,
                                                    __u8 protocol, struct pick *pick) {
  struct frontend_key key = {
      .ip = dialled->ip, .port = dialled->port, .protocol = protocol, .scope = SCOPE_INTERNAL};
  struct client client = {.kind = CLIENT_NETNS, .id = {bpf_get_netns_cookie(ctx)}};
  return pick_backend(&key, &client, pick);
}

static __always_inline bool is_ipv4(const struct address *ip) {
  return !ip->word[0] && !ip->word[1] && ip->word[2] == bpf_htonl(0xffff);
}

static __always_inline int refuse(void) {
  bpf_set_retval(-ECONNREFUSED);
  return DENY;
}

static __always_inline int answer4(struct bpf_sock_addr *ctx, enum verdict verdict, const struct endpoint *backend) {
  if (verdict == NOT_A_SERVICE) return ALLOW;
  if (verdict != PICKED) return refuse();
  /* There is no way from an IPv4 socket to an IPv6 address, and half of one leads to somebody else. */
  if (!is_ipv4(&backend->ip)) {
    COUNT(refused_family);
    return refuse();
  }
  set4(ctx, backend);
  return ALLOW;
}

static __always_inline int answer6(struct bpf_sock_addr *ctx, enum verdict verdict, const struct endpoint *backend) {
  if (verdict == NOT_A_SERVICE) return ALLOW;
  if (verdict != PICKED) return refuse();
  set6(ctx, backend);
  return ALLOW;
}

/*
 * An MPTCP socket dials like one of TCP; its peer is shown as the backend, since it is the socket below it that connects.
 * Sockets of other protocols (ping, SCTP) are no service's.
 */
static __always_inline __u8 protocol_of(struct bpf_sock_addr *ctx) {
  __u32 protocol = ctx->protocol;
  if (protocol == IPPROTO_MPTCP) return IPPROTO_TCP;
  return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP ? protocol : 0;
}

static __always_inline enum verdict connect_to(struct bpf_sock_addr *ctx, const struct endpoint *dialled,
                                               struct endpoint *backend) {
  __u8 protocol = protocol_of(ctx);
  if (!protocol) return NOT_A_SERVICE;
  struct pick pick = {};
  enum verdict verdict = pick_for_socket(ctx, dialled, protocol, &pick);
  if (verdict != PICKED) return verdict;
  *backend = pick.backend;
  struct bpf_sock *sk = ctx->sk;
  if (!sk) return PICKED;
  struct connection *connection = bpf_sk_storage_get(&connections, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
  /* Without memory for it the socket works, and shows the backend as its peer. */
  if (!connection) return PICKED;
  connection->frontend = *dialled;
  connection->backend = pick.backend;
  return PICKED;
}

/* The backend that this socket had of this frontend, while that is active or draining. */
static __always_inline bool keep_pin(const struct socket_key *key, struct endpoint *backend) {
  struct udp_pin *value = bpf_map_lookup_elem(&udp_pins, key);
  if (!value) return false;
  struct udp_pin pin = *value;
  __u16 cluster = 0;
  __u8 state = pin.backend.tag == tag_of(key) ? backend_state(pin.uid, &pin.backend, &cluster) : 0;
  if ((state != BACKEND_ACTIVE && state != BACKEND_DRAINING) || !is_cluster_usable(cluster, ticks_now(), false)) {
    COUNT(pin_left);
    return false;
  }
  *backend = pin.backend;
  COUNT(pin_kept);
  return true;
}

/* Answers of this backend come from the frontend. A row that is right is only looked at, which also keeps it young. */
static __always_inline void remember_frontend(__u64 cookie, const struct endpoint *dialled,
                                              const struct endpoint *backend) {
  struct socket_key key = {.cookie = cookie, .endpoint = {.ip = backend->ip, .port = backend->port}};
  struct endpoint frontend = {.ip = dialled->ip, .port = dialled->port, .tag = tag_of(&key)};
  struct endpoint *value = bpf_map_lookup_elem(&reverse, &key);
  if (value && value->tag == frontend.tag && is_same(value, &frontend)) return;
  bpf_map_update_elem(&reverse, &key, &frontend, BPF_ANY);
}

static __always_inline enum verdict send_to(struct bpf_sock_addr *ctx, const struct endpoint *dialled,
                                            struct endpoint *backend) {
  struct socket_key pin_key = {.cookie = bpf_get_socket_cookie(ctx), .endpoint = *dialled};
  if (keep_pin(&pin_key, backend)) {
    remember_frontend(pin_key.cookie, dialled, backend);
    return PICKED;
  }
  struct pick pick = {};
  enum verdict verdict = pick_for_socket(ctx, dialled, IPPROTO_UDP, &pick);
  if (verdict != PICKED) return verdict;
  *backend = pick.backend;
  if (pick.flags & IMAGE_PIN_UDP) {
    struct udp_pin pin = {.uid = pick.uid, .backend = pick.backend};
    pin.backend.tag = tag_of(&pin_key);
    bpf_map_update_elem(&udp_pins, &pin_key, &pin, BPF_ANY);
  }
  remember_frontend(pin_key.cookie, dialled, &pick.backend);
  return PICKED;
}

/* The frontend that this socket dialled when it got `seen`. */
static __always_inline bool find_frontend_of(struct bpf_sock_addr *ctx, const struct endpoint *seen,
                                             struct endpoint *frontend) {
  struct bpf_sock *sk = ctx->sk;
  if (sk) {
    struct connection *connection = bpf_sk_storage_get(&connections, sk, NULL, 0);
    if (connection && is_same(&connection->backend, seen)) {
      *frontend = connection->frontend;
      return true;
    }
  }
  if (ctx->protocol != IPPROTO_UDP) return false;
  struct socket_key key = {.cookie = bpf_get_socket_cookie(ctx), .endpoint = *seen};
  struct endpoint *value = bpf_map_lookup_elem(&reverse, &key);
  if (!value) return false;
  *frontend = *value;
  return frontend->tag == tag_of(&key);
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx) {
  struct endpoint dialled = dialled4(ctx), backend = {};
  return answer4(ctx, connect_to(ctx, &dialled, &backend), &backend);
}

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *ctx) {
  struct endpoint dialled = dialled6(ctx), backend = {};
  return answer6(ctx, connect_to(ctx, &dialled, &backend), &backend);
}

SEC("cgroup/sendmsg4")
int sendmsg4(struct bpf_sock_addr *ctx) {
  struct endpoint dialled = dialled4(ctx), backend = {};
  return answer4(ctx, send_to(ctx, &dialled, &backend), &backend);
}

SEC("cgroup/sendmsg6")
int sendmsg6(struct bpf_sock_addr *ctx) {
  struct endpoint dialled = dialled6(ctx), backend = {};
  return answer6(ctx, send_to(ctx, &dialled, &backend), &backend);
}

static __always_inline int show_frontend4(struct bpf_sock_addr *ctx) {
  struct endpoint seen = dialled4(ctx), frontend;
  if (find_frontend_of(ctx, &seen, &frontend)) set4(ctx, &frontend);
  return ALLOW;
}

static __always_inline int show_frontend6(struct bpf_sock_addr *ctx) {
  struct endpoint seen = dialled6(ctx), frontend;
  if (find_frontend_of(ctx, &seen, &frontend)) set6(ctx, &frontend);
  return ALLOW;
}

SEC("cgroup/recvmsg4")
int recvmsg4(struct bpf_sock_addr *ctx) { return show_frontend4(ctx); }

SEC("cgroup/recvmsg6")
int recvmsg6(struct bpf_sock_addr *ctx) { return show_frontend6(ctx); }

SEC("cgroup/getpeername4")
int getpeername4(struct bpf_sock_addr *ctx) { return show_frontend4(ctx); }

SEC("cgroup/getpeername6")
int getpeername6(struct bpf_sock_addr *ctx) { return show_frontend6(ctx); }

char _license[] SEC("license") = "Dual BSD/GPL";
