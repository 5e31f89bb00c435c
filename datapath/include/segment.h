/* The only place where an offset becomes an address. */
#pragma once
#include "bpf.h"

/*
 * A pointer to a `type` at `offset` of a segment, always inside of it. The AND is opaque to the compiler, which would
 * otherwise add first and bound a copy, and so lose what the verifier has learned.
 */
#define AT(segment, offset, type)                                                                       \
  ({                                                                                                    \
    _Static_assert(!(sizeof(type) & (sizeof(type) - 1)), #type " has a size that is no power of two");  \
    __u64 offset_ = (__u32)(offset);                                                                    \
    asm volatile("%0 &= %1" : "+r"(offset_) : "i"((SEGMENT_SIZE - 1) & ~(sizeof(type) - 1)));           \
    (type *)((char *)(segment) + offset_);                                                              \
  })

/* A variable of a loop that is bounded the same in each turn: the verifier recognises the state and prunes. */
#define BOUND16(variable) asm volatile("%0 &= 0xffff" : "+r"(variable))
