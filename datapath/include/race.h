/*
 * Holds a reader between two of its reads, so that a race that a test provokes happens every time and not by luck.
 * Compiled in by tests only (-DCARRICK_RACE); in the programs that nodes run there is nothing of it.
 */
#pragma once
#include "bpf.h"

enum race_point { RACE_AFTER_FRONTEND = 1, RACE_BEFORE_HEAD = 2, RACE_AFTER_HEAD = 4, RACE_BEFORE_MEMBER = 8 };

struct race {
  __u64 hold_ns;
  __u32 points; /* of enum race_point */
  __u32 trust_recycled; /* the negative control: frontends' tags are not looked at */
};

#ifdef CARRICK_RACE
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __uint(map_flags, BPF_F_MMAPABLE);
  __type(key, __u32);
  __type(value, struct race);
} race SEC(".maps");

static long race_wait(__u32 turn, void *until) { return bpf_ktime_get_ns() > *(__u64 *)until; }

static __always_inline volatile struct race *race_settings(void) {
  __u32 zero = 0;
  return bpf_map_lookup_elem(&race, &zero);
}

static __always_inline void race_hold(enum race_point point) {
  volatile struct race *settings = race_settings();
  if (!settings || !(settings->points & point)) return;
  __u64 until = bpf_ktime_get_ns() + settings->hold_ns;
  bpf_loop(1 << 22, race_wait, &until, 0);
}

static __always_inline bool race_trusts_recycled(void) {
  volatile struct race *settings = race_settings();
  return settings && settings->trust_recycled;
}
#else
static __always_inline void race_hold(enum race_point point) { (void)point; }
static __always_inline bool race_trusts_recycled(void) { return false; }
#endif
