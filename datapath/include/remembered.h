/* Backends that a flow remembers: whether they may be used still. */
#pragma once
#include "maps.h"

static __always_inline __u32 ticks_now(void) { return bpf_ktime_get_coarse_ns() >> TICK_SHIFT; }

static __always_inline bool is_past(__u32 deadline, __u32 now) { return deadline && (__s32)(now - deadline) > 0; }

/* 0 for one that is gone. */
static __always_inline __u8 backend_state(__u32 uid, const struct endpoint *backend, __u16 *cluster) {
  struct backend_key key = {.uid = uid, .ip = backend->ip, .port = backend->port};
  volatile __u64 *value = bpf_map_lookup_elem(&backends, &key);
  if (!value) return 0;
  /* One load: state and cluster of the same version. */
  union {
    __u64 word;
    struct backend backend;
  } read = {.word = *value};
  *cluster = read.backend.cluster;
  return read.backend.state;
}

/* A drained cluster gets no new flows and keeps its old ones; a cluster with a share of nothing gets neither. */
static __always_inline bool is_cluster_usable(__u16 cluster, __u32 now, bool new_flow) {
  __u32 index = cluster;
  volatile __u64 *value = bpf_map_lookup_elem(&health, &index);
  if (!value) return true;
  __u64 word = *value;
  if (new_flow && !(word >> HEALTH_DRAIN_SHIFT & 255)) return false;
  return (word & 255) || is_past(word >> HEALTH_DEADLINE_SHIFT, now);
}
