/* Look-up of a frontend. */
#pragma once
#include "maps.h"
#include "race.h"

enum frontend_state { FRONTEND_FOUND, FRONTEND_ABSENT, FRONTEND_LOST };

/*
 * 64 bits over the key and the slot. The upper 40 are kept beside the slot: a hash map's element may become another
 * frontend's between the look-up and the read of its value. `frontend.ts` computes the same.
 */
static __always_inline __u64 frontend_hash(const struct frontend_key *key, __u32 slot) {
  const __u32 *word = key->ip.word;
  __u32 rest = (__u32)key->scope << 24 | (__u32)key->protocol << 16 | key->port;
  __u64 hash = (((__u64)word[1] << 32 | word[0]) ^ 0x9E3779B97F4A7C15ULL) * 0xBF58476D1CE4E5B9ULL;
  hash ^= hash >> 29;
  hash = (hash ^ ((__u64)word[3] << 32 | word[2])) * 0x94D049BB133111EBULL;
  hash ^= hash >> 31;
  hash = (hash ^ ((__u64)slot << 32 | rest)) * 0xBF58476D1CE4E5B9ULL;
  return hash ^ hash >> 32;
}

static __always_inline enum frontend_state find_frontend(const struct frontend_key *key, __u32 *slot) {
  for (int try = 0; try < 3; try++) {
    volatile __u64 *value = bpf_map_lookup_elem(&frontends, key);
    if (!value) return FRONTEND_ABSENT;
    race_hold(RACE_AFTER_FRONTEND);
    __u64 word = *value;
    *slot = word & ((1u << SLOT_BITS) - 1);
    if (frontend_hash(key, *slot) >> SLOT_BITS == word >> SLOT_BITS || race_trusts_recycled()) return FRONTEND_FOUND;
    COUNT(frontend_recycled);
  }
  COUNT(frontend_lost);
  return FRONTEND_LOST;
}
