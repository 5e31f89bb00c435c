/*
 * Holds a reader between two of its reads, so that a race that a test provokes happens every time and not by luck.
 * Compiled in by tests only (-DCARRICK_RACE); in the programs that nodes run there is nothing of it.
 */
#pragma once
#include "bpf.h"

enum race_point { RACE_AFTER_FRONTEND = 1, RACE_BEFORE_HEAD = 2, RACE_AFTER_HEAD = 4, RACE_BEFORE_MEMBER = 8 };

struct race {
  __u64 hold_ns; /* at most */
  __u32 points; /* of enum race_point */
  __u32 trust_recycled; /* the negative control: frontends' tags are not looked at */
  __u32 gate; /* 1: a reader that is held goes on when it becomes 0 */
  __u32 held; /* 1 while a reader is held */
};

#ifdef CARRICK_RACE
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __uint(map_flags, BPF_F_MMAPABLE);
  __type(key, __u32);
  __type(value, struct race);
} race SEC(".maps");

static __always_inline volatile struct race *race_settings(void) {
  __u32 zero = 0;
  return bpf_map_lookup_elem(&race, &zero);
}

struct race_wait {
  __u64 until;
  bool gated;
};

static long race_turn(__u32 turn, struct race_wait *wait) {
  volatile struct race *settings = race_settings();
  if (!settings || bpf_ktime_get_ns() > wait->until) return 1;
  return wait->gated && !settings->gate;
}

static __always_inline void race_hold(enum race_point point) {
  volatile struct race *settings = race_settings();
  if (!settings || !(settings->points & point)) return;
  struct race_wait wait = {.until = bpf_ktime_get_ns() + settings->hold_ns, .gated = settings->gate};
  settings->held = 1;
  bpf_loop(1 << 23, race_turn, &wait, 0);
  settings->held = 0;
}

static __always_inline bool race_trusts_recycled(void) {
  volatile struct race *settings = race_settings();
  return settings && settings->trust_recycled;
}
#else
static __always_inline void race_hold(enum race_point point) { (void)point; }
static __always_inline bool race_trusts_recycled(void) { return false; }
#endif
