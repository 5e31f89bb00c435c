/* Addresses in text, for the programs that tests run in a pod's place. */
#pragma once
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union endpoint {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

static inline void die(const char *what) {
  perror(what);
  exit(1);
}

/* Size of the address; an IPv6 text is one with a colon. */
static inline socklen_t parse_endpoint(union endpoint *to, const char *ip, const char *port) {
  memset(to, 0, sizeof(*to));
  if (strchr(ip, ':')) {
    to->v6.sin6_family = AF_INET6;
    to->v6.sin6_port = htons(atoi(port));
    if (inet_pton(AF_INET6, ip, &to->v6.sin6_addr) != 1) die(ip);
    return sizeof(to->v6);
  }
  to->v4.sin_family = AF_INET;
  to->v4.sin_port = htons(atoi(port));
  if (inet_pton(AF_INET, ip, &to->v4.sin_addr) != 1) die(ip);
  return sizeof(to->v4);
}

/* `10.0.0.1 80`. */
static inline void format_endpoint(const union endpoint *from, char *text, size_t size) {
  char ip[INET6_ADDRSTRLEN];
  int is_v6 = from->any.sa_family == AF_INET6;
  const void *bytes = is_v6 ? (const void *)&from->v6.sin6_addr : (const void *)&from->v4.sin_addr;
  inet_ntop(from->any.sa_family, bytes, ip, sizeof(ip));
  snprintf(text, size, "%s %d", ip, ntohs(is_v6 ? from->v6.sin6_port : from->v4.sin_port));
}
