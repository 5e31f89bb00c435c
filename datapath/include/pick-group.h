/* Which group of a service takes a new flow: groups in tiers, weighed by the health of their clusters. */
#pragma once
#include "maps.h"
#include "remembered.h"
#include "segment.h"

#define NO_GROUP 255u

/* How much of the health words counts. Each level is tried when the one before leaves no group. */
enum health_level { HEALTH_COUNTS, ONLY_DRAIN_COUNTS, NOTHING_COUNTS, HEALTH_LEVELS };

static __always_inline __u32 next_random(__u64 *state) {
  *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
  return *state >> 32;
}

/* Whether something of `part` in `whole` is met. */
static __always_inline bool draw(__u64 *random, __u64 part, __u64 whole) {
  return ((__u64)next_random(random) * whole >> 32) < part;
}

struct group_walk {
  void *segment;
  __u64 random;
  __u64 tier_sum; /* effective weights of the tier, in 1/256 */
  __u32 groups; /* offset in the segment */
  __u32 group_count;
  __u32 now;
  __u32 level;
  __u32 taken; /* by the tiers before, of 65536 */
  __u32 tier;
  __u32 need;
  __u32 tier_pick;
  __u32 pick;
};

/* A share of x is x/256, and 255 is all: 256 of 256. */
static __always_inline __u32 of_256(__u32 share) { return share + (share == HEALTH_WHOLE); }

/* Weight of a group, times 256. At most 65535 * 256. */
static __always_inline __u32 effective_weight(struct group_walk *walk, const struct group *group) {
  __u32 share = HEALTH_WHOLE, drain = HEALTH_WHOLE, cluster = group->cluster;
  if (walk->level < NOTHING_COUNTS) {
    volatile __u64 *value = bpf_map_lookup_elem(&health, &cluster);
    if (value) {
      __u64 word = *value;
      drain = word >> HEALTH_DRAIN_SHIFT & 255;
      if (walk->level == HEALTH_COUNTS && !is_past(word >> HEALTH_DEADLINE_SHIFT, walk->now)) share = word & 255;
    }
  }
  return (__u32)group->weight * of_256(share) * of_256(drain) >> 8;
}

/* A tier takes what it weighs of what it needs, at most what the tiers before it left. */
static __always_inline void close_tier(struct group_walk *walk) {
  __u32 left = 65536 - walk->taken;
  __u64 take = walk->tier_sum * 256 / walk->need;
  if (take > left) take = left;
  if (!take) return;
  walk->taken += take;
  if (draw(&walk->random, take, walk->taken)) walk->pick = walk->tier_pick;
}

/*
 * One pass, two nested weighted reservoirs: of groups in a tier, and of tiers. It needs no array and no sum beforehand,
 * and when all tiers together weigh too little, they share in proportion.
 */
static long walk_group(__u32 turn, struct group_walk *walk) {
  struct group *group = AT(walk->segment, walk->groups + turn * sizeof(struct group), struct group);
  bool ended = turn >= walk->group_count;
  __u32 tier = group->tier;
  if (ended || tier != walk->tier) {
    close_tier(walk);
    if (ended || walk->taken >= 65536) return 1;
    walk->tier = tier;
    walk->tier_sum = 0;
    walk->tier_pick = NO_GROUP;
  }
  __u32 weight = effective_weight(walk, group);
  walk->tier_sum += weight;
  walk->need = group->need ? group->need : 1;
  if (weight && draw(&walk->random, weight, walk->tier_sum)) walk->tier_pick = group->index;
  return 0;
}

/* A plain loop over 16 groups is more than a million instructions to the verifier, bpf_loop is not. */
static __always_inline __u32 pick_group_at(void *segment, __u32 groups, __u32 count, __u64 *random, __u32 now,
                                           __u32 level) {
  struct group_walk walk = {
      .segment = segment,
      .random = *random,
      .groups = groups,
      .group_count = count,
      .now = now,
      .level = level,
      .need = 1,
      .tier_pick = NO_GROUP,
      .pick = NO_GROUP,
  };
  bpf_loop(MAX_GROUPS + 1, walk_group, &walk, 0);
  *random = walk.random;
  return walk.pick;
}

/* If every group would be down, all are up again: sending somewhere beats sending nowhere. */
static __always_inline __u32 pick_group(void *segment, __u32 groups, __u32 count, __u64 *random, __u32 now) {
  if (count == 1) return 0;
  for (__u32 level = HEALTH_COUNTS; level < HEALTH_LEVELS; level++) {
    if (level) COUNT(panicked);
    __u32 picked = pick_group_at(segment, groups, count, random, now, level);
    if (picked != NO_GROUP) return picked;
  }
  return NO_GROUP;
}
