/*
 * What lies in the maps: the only definition. The TypeScript codecs are generated from the BTF of these types.
 *
 * Addresses are 16 bytes in network order, IPv4 as ::ffff:a.b.c.d. Everything else is in the order of the machine.
 * No struct has padding: keys are compared byte by byte. Structs inside an image have a size that is a power of two and
 * lie aligned to it, so that one AND bounds any offset into a segment (segment.h).
 */
#pragma once
#include <linux/types.h>

#pragma clang diagnostic push
#pragma clang diagnostic error "-Wpadded"
#define SIZE_IS(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " has another size")

enum limit {
  /* A segment is one value of 2 MiB; images are placed in it in units of 64 bytes. */
  SEGMENT_SHIFT = 21,
  SEGMENT_SIZE = 1 << SEGMENT_SHIFT,
  UNIT_SHIFT = 6,
  UNIT_SIZE = 1 << UNIT_SHIFT,
  SEGMENT_UNITS = SEGMENT_SIZE / UNIT_SIZE,
  MAX_SEGMENTS = 256,
  MAX_GROUPS = 16,
  /* The binary search over weights makes this many steps. */
  WEIGHTED_STEPS = 12,
  MAX_WEIGHTED_MEMBERS = 1 << WEIGHTED_STEPS,
  MAX_CLUSTERS = 1024,
  /* Time in the maps is CLOCK_MONOTONIC in ticks of 2^30 ns, about 1.07 s. */
  TICK_SHIFT = 30,
};

/* frontends: u64 { slot:24, tag:40 }. Slot 0 belongs to no service. */
enum frontend_word { SLOT_BITS = 24 };

/* heads: u64 { unit:24, segment:8, generation:32 }. 0: no image, so unit 0 of segment 0 is never used. */
enum head_word { HEAD_SEGMENT_SHIFT = 24, HEAD_GENERATION_SHIFT = 32 };

/*
 * health: u64 { share:8, drain:8, sequence:16, deadline:32 }. A share of x is x/256, and 255 is all. After the deadline
 * (ticks, 0 is never) the share counts for nothing, so that a dead agent cannot freeze a verdict; the drain stays.
 */
enum health_word { HEALTH_DRAIN_SHIFT = 8, HEALTH_SEQUENCE_SHIFT = 16, HEALTH_DEADLINE_SHIFT = 32, HEALTH_WHOLE = 255 };

struct address {
  __be32 word[4];
};
SIZE_IS(struct address, 16);

struct endpoint {
  struct address ip;
  __be16 port;
  /* In values of LRU maps: hash of the key, because their elements are recycled under a reader. */
  __u16 tag;
};
SIZE_IS(struct endpoint, 20);

/* Where the client stands: traffic of pods and nodes, or traffic that comes to a node from outside. */
enum __attribute__((packed)) scope { SCOPE_INTERNAL = 0, SCOPE_EXTERNAL = 1 };

/* Port 0 with protocol 0: the address is a service's, and its other ports are refused. */
struct frontend_key {
  struct address ip;
  __be16 port;
  __u8 protocol;
  enum scope scope;
};
SIZE_IS(struct frontend_key, 20);

enum __attribute__((packed)) algorithm { ALGORITHM_RANDOM = 0, ALGORITHM_RING = 1 };
/* PIN: an unconnected UDP socket keeps its backend. HASH_CLIENT: the same client gets the same backend. */
enum __attribute__((packed)) image_flag { IMAGE_PIN_UDP = 1, IMAGE_HASH_CLIENT = 2 };

/* Begins an image: one version of one service, never changed after its publication. */
struct image {
  __u32 uid; /* of the service, never used again */
  __u32 generation; /* equals the head's: an integrity check */
  __u32 affinity_ticks; /* 0: no affinity */
  __u32 reserved;
  __u16 member_count;
  __u16 group_count;
  __u16 member_offset; /* from the image, in members */
  __u16 units; /* size: a new writer rebuilds its free space from it */
  __u16 l7_port;
  __u16 ring_size;
  enum algorithm algorithm;
  enum image_flag flags;
  __u16 reserved2;
};
SIZE_IS(struct image, 32);

/* Members of one cluster with one preference. Follows the image's header, in order of tiers. */
struct group {
  __u16 first;
  __u16 count; /* never 0 */
  __u16 cluster;
  __u16 weight;
  __u16 need; /* of the tier: what it must weigh to take everything */
  __u16 weight_sum; /* of its members; 0: all weigh the same */
  __u16 ring_offset; /* from the image, in units; 0: no ring */
  __u8 tier;
  __u8 index; /* its own */
};
SIZE_IS(struct group, 16);

struct member {
  struct address ip;
  __be16 port;
  __u16 cluster;
  __u16 cumulative; /* weight of this member and those before it in the group */
  __u8 state; /* this and what follows up to the node are for programs that see packets */
  __u8 flags;
  __u32 node;
  __u32 generation; /* equals the head's */
};
SIZE_IS(struct member, 32);

enum __attribute__((packed)) backend_state { BACKEND_ACTIVE = 1, BACKEND_DRAINING = 2 };

/* Read for flows that remember a backend, never at the pick. An endpoint without a row is gone. */
struct backend_key {
  __u32 uid;
  struct address ip;
  __be16 port;
  __u16 reserved;
};
SIZE_IS(struct backend_key, 24);

struct backend {
  enum backend_state state;
  __u8 reserved;
  __u16 cluster;
  __u32 since; /* ticks */
};
SIZE_IS(struct backend, 8);

enum client_kind { CLIENT_NETNS = 1, CLIENT_ADDRESS = 2 };

struct affinity_key {
  __u32 uid;
  enum client_kind kind;
  __u64 client[2];
};
SIZE_IS(struct affinity_key, 24);

struct affinity {
  struct endpoint backend;
  __u32 seen; /* ticks */
};
SIZE_IS(struct affinity, 24);

/* A socket and a frontend (udp_pins), or a socket and a backend (reverse). */
struct socket_key {
  __u64 cookie;
  struct endpoint endpoint;
  __u32 reserved;
};
SIZE_IS(struct socket_key, 32);

struct udp_pin {
  __u32 uid;
  struct endpoint backend;
};
SIZE_IS(struct udp_pin, 24);

/* What a connected socket asked for, and what it got. */
struct connection {
  struct endpoint frontend;
  struct endpoint backend;
};
SIZE_IS(struct connection, 40);

/* Who writes. The counters outlive writers, so that no uid and no generation is used again. */
struct owner {
  __u64 epoch;
  __u64 last_uid;
  __u64 last_generation;
};
SIZE_IS(struct owner, 24);

struct counters {
  __u64 picked;
  __u64 not_a_service;
  __u64 refused_port; /* a service's address, a port that it does not have */
  __u64 refused_empty; /* no endpoint */
  __u64 refused_family; /* an IPv6 endpoint for an IPv4 address */
  __u64 frontend_recycled; /* the element became another frontend's under the look-up; read again */
  __u64 frontend_lost; /* and so at every try: refused */
  __u64 torn; /* the image was overwritten under the pick; read again */
  __u64 torn_lost; /* and so at every try: refused */
  __u64 panicked; /* no group was healthy: health, then drains were ignored */
  __u64 affinity_kept;
  __u64 affinity_left;
  __u64 pin_kept;
  __u64 pin_left;
};
SIZE_IS(struct counters, 112);

/* A pod's interface, by the index of its end on the node. A family that the pod does not have is all zeros. */
struct pod {
  __be32 ipv4;
  struct address ipv6;
  __u8 mac[6];
  __u16 reserved;
};
SIZE_IS(struct pod, 28);

struct pod_traffic {
  __u64 sent_packets;
  __u64 sent_bytes;
  __u64 received_packets;
  __u64 received_bytes;
  __u64 spoofed_packets;
};
SIZE_IS(struct pod_traffic, 40);

#undef SIZE_IS
#pragma clang diagnostic pop
