/* No program: the BTF of this object describes the maps, and the TypeScript codecs are generated from it. */
#include "../include/race.h"

struct layout {
  enum limit limit;
  enum frontend_word frontend_word;
  enum head_word head_word;
  enum health_word health_word;
  struct frontend_key frontend_key;
  struct image image;
  struct group group;
  struct member member;
  struct backend_key backend_key;
  struct backend backend;
  struct affinity_key affinity_key;
  struct affinity affinity;
  struct socket_key socket_key;
  struct udp_pin udp_pin;
  struct connection connection;
  struct owner owner;
  struct counters counters;
  struct pod pod;
  struct pod_traffic pod_traffic;
  enum race_point race_point;
  struct race race;
} layout;
