/* From a frontend to a backend. Used at connect and sendmsg, and by programs that see packets. */
#pragma once
#include "frontend.h"
#include "pick-group.h"

enum verdict { PICKED, NOT_A_SERVICE, REFUSED, TORN };

/* Who asks: what affinity and hashing go by. */
struct client {
  __u64 id[2];
  enum client_kind kind;
};

struct pick {
  struct endpoint backend;
  __u32 uid;
  enum image_flag flags;
};

/* Position of the member that the random number falls on. Weights are cumulative within the group. */
static __always_inline __u32 pick_weighted(void *segment, __u32 members, const struct group *group, __u64 *random) {
  __u32 target = (__u64)next_random(random) * group->weight_sum >> 32;
  __u64 low = group->first, high = low + group->count - 1;
  for (int step = 0; step < WEIGHTED_STEPS; step++) {
    BOUND16(low);
    BOUND16(high);
    if (low >= high) break;
    __u64 middle = (low + high) >> 1;
    struct member *member = AT(segment, members + middle * sizeof(*member), struct member);
    if (member->cumulative > target)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

static __always_inline __u32 pick_member(void *segment, __u32 image_at, const struct image *image,
                                         const struct group *group, __u64 *random) {
  if (image->algorithm == ALGORITHM_RING && group->ring_offset) {
    __u32 position = (__u64)next_random(random) * image->ring_size >> 32;
    return *AT(segment, image_at + group->ring_offset * UNIT_SIZE + position * sizeof(__u16), __u16);
  }
  if (group->weight_sum)
    return pick_weighted(segment, image_at + image->member_offset * sizeof(struct member), group, random);
  return group->first + ((__u64)next_random(random) * group->count >> 32);
}

static __always_inline void affinity_key(struct affinity_key *key, __u32 uid, const struct client *client) {
  key->uid = uid;
  key->kind = client->kind;
  key->client[0] = client->id[0];
  key->client[1] = client->id[1];
}

/* The backend that this client had, if it may have it again. It counts what `backends` says, not the image. */
static __always_inline bool keep_affinity(struct affinity_key *key, __u32 ticks, __u32 now, struct pick *pick) {
  struct affinity *value = bpf_map_lookup_elem(&affinity, key);
  if (!value || now - value->seen >= ticks) return false;
  /* The element may be recycled while it is read; what was copied has to be an active backend of this service. */
  struct endpoint backend = value->backend;
  __u16 cluster = 0;
  if (backend_state(key->uid, &backend, &cluster) != BACKEND_ACTIVE || !is_cluster_usable(cluster, now, true)) {
    COUNT(affinity_left);
    return false;
  }
  if (value->seen != now) value->seen = now;
  pick->backend = backend;
  COUNT(affinity_kept);
  return true;
}

/*
 * One reading of the head and of the image behind it. A global function, which the verifier checks once and not for
 * each way to it: inlined three times it is five to eight times the work.
 */
__attribute__((noinline)) int pick_from_slot(__u32 slot, const struct client *client, struct pick *pick) {
  if (!client || !pick) return REFUSED;
  race_hold(RACE_BEFORE_HEAD);
  volatile __u64 *head = bpf_map_lookup_elem(&heads, &slot);
  if (!head) return REFUSED;
  __u64 word = *head;
  if (!word) return REFUSED;
  race_hold(RACE_AFTER_HEAD);

  __u32 index = word >> HEAD_SEGMENT_SHIFT & 255, zero = 0;
  void *map = bpf_map_lookup_elem(&segments, &index);
  if (!map) return REFUSED;
  void *segment = bpf_map_lookup_elem(map, &zero);
  if (!segment) return REFUSED;

  __u32 generation = word >> HEAD_GENERATION_SHIFT, image_at = (word & (SEGMENT_UNITS - 1)) << UNIT_SHIFT;
  struct image *image = AT(segment, image_at, struct image);
  if (image->generation != generation) return TORN;
  __u32 uid = image->uid, affinity_ticks = image->affinity_ticks, group_count = image->group_count;
  if (!group_count) return REFUSED;
  pick->uid = uid;
  pick->flags = image->flags;

  __u32 now = ticks_now();
  struct affinity_key key = {};
  if (affinity_ticks) {
    affinity_key(&key, uid, client);
    if (keep_affinity(&key, affinity_ticks, now, pick)) return PICKED;
  }

  __u64 random = (__u64)bpf_get_prandom_u32() << 32 | generation;
  if (image->flags & IMAGE_HASH_CLIENT) {
    random = (client->id[0] ^ client->id[1] ^ uid) * 0x9E3779B97F4A7C15ULL;
    random ^= random >> 29;
  }
  __u32 groups = image_at + sizeof(struct image);
  __u32 picked = pick_group(segment, groups, group_count, &random, now);
  if (picked == NO_GROUP) return REFUSED;
  struct group *group = AT(segment, groups + picked * sizeof(struct group), struct group);
  __u32 position = pick_member(segment, image_at, image, group, &random);
  race_hold(RACE_BEFORE_MEMBER);
  struct member *member =
      AT(segment, image_at + (image->member_offset + position) * sizeof(struct member), struct member);
  pick->backend.ip = member->ip;
  pick->backend.port = member->port;
  pick->backend.tag = 0;
  /* After the copy: an image that was overwritten meanwhile shows here. */
  barrier();
  if (member->generation != generation) return TORN;

  if (affinity_ticks) {
    struct affinity value = {.backend = pick->backend, .seen = now};
    bpf_map_update_elem(&affinity, &key, &value, BPF_ANY);
  }
  return PICKED;
}

/* Picks a backend for a new flow to `key`. */
static __always_inline enum verdict pick_backend(struct frontend_key *key, const struct client *client,
                                                 struct pick *pick) {
  __u32 slot = 0;
  enum frontend_state state = find_frontend(key, &slot);
  if (state == FRONTEND_LOST) return REFUSED;
  if (state == FRONTEND_ABSENT) {
    struct frontend_key whole_address = {.ip = key->ip, .scope = key->scope};
    if (find_frontend(&whole_address, &slot) == FRONTEND_ABSENT) {
      COUNT(not_a_service);
      return NOT_A_SERVICE;
    }
    COUNT(refused_port);
    return REFUSED;
  }
  for (int try = 0; try < 3; try++) {
    enum verdict verdict = pick_from_slot(slot, client, pick);
    if (verdict == PICKED) {
      COUNT(picked);
      return PICKED;
    }
    if (verdict == REFUSED) {
      COUNT(refused_empty);
      return REFUSED;
    }
    COUNT(torn);
  }
  COUNT(torn_lost);
  return REFUSED;
}
