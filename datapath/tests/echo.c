/*
 * Backends: `echo IP PORT…` listens on each by TCP and UDP, and answers everyone with the address that was reached.
 * Prints `ready`.
 */
#include "common.h"

#include <linux/in6.h>
#include <poll.h>

#define MAX_BACKENDS 256

static int listen_on(const union endpoint *at, socklen_t size, int type) {
  int yes = 1, fd = socket(at->any.sa_family, type | SOCK_NONBLOCK, 0);
  if (fd < 0) die("socket");
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  /* The addresses are local by routes; no interface has them. */
  if (at->any.sa_family == AF_INET6) setsockopt(fd, SOL_IPV6, IPV6_FREEBIND, &yes, sizeof(yes));
  if (bind(fd, &at->any, size)) die("bind");
  if (type == SOCK_STREAM && listen(fd, 4096)) die("listen");
  return fd;
}

int main(int argc, char **argv) {
  static struct pollfd fds[2 * MAX_BACKENDS];
  static char names[MAX_BACKENDS][64];
  int backends = (argc - 1) / 2;
  if (backends > MAX_BACKENDS) return 2;
  for (int i = 0; i < backends; i++) {
    union endpoint at;
    socklen_t size = parse_endpoint(&at, argv[1 + 2 * i], argv[2 + 2 * i]);
    format_endpoint(&at, names[i], sizeof(names[i]));
    fds[2 * i] = (struct pollfd){.fd = listen_on(&at, size, SOCK_STREAM), .events = POLLIN};
    fds[2 * i + 1] = (struct pollfd){.fd = listen_on(&at, size, SOCK_DGRAM), .events = POLLIN};
  }
  puts("ready");
  fflush(stdout);
  for (;;) {
    if (poll(fds, 2 * backends, -1) < 0) die("poll");
    for (int i = 0; i < 2 * backends; i++) {
      if (!fds[i].revents) continue;
      const char *name = names[i / 2];
      if (i % 2 == 0) {
        int client = accept(fds[i].fd, NULL, NULL);
        if (client < 0) continue;
        send(client, name, strlen(name), MSG_NOSIGNAL);
        close(client);
      } else {
        char buffer[64];
        union endpoint from;
        socklen_t size = sizeof(from);
        if (recvfrom(fds[i].fd, buffer, sizeof(buffer), 0, &from.any, &size) >= 0)
          sendto(fds[i].fd, name, strlen(name), 0, &from.any, size);
      }
    }
  }
}
