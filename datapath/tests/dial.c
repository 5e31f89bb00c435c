/*
 * Sockets of a client, one command a line, one line of answer: `ok`, what was asked for, or the name of the error.
 *   open ID tcp4|tcp6|udp4|udp6|mptcp4|mptcp6  connect ID IP PORT     peer ID      close ID
 *   bind ID IP PORT                 patience ID MILLISECONDS (for an answer; 5000)
 *   send ID IP PORT                 receive ID (text, then who sent it)  read ID (text)
 *   spread COUNT KIND IP PORT       connects as often, and says how often each peer was met
 */
#include "common.h"

#include <sys/time.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#define MAX_SOCKETS 1024
#define MAX_PEERS 256

static int sockets[MAX_SOCKETS];

static void answer_error(void) { printf("%s\n", strerrorname_np(errno)); }

static void answer(int result) {
  if (result < 0)
    answer_error();
  else
    puts("ok");
}

static int set_patience(int fd, int milliseconds) {
  struct timeval patience = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
  return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

static int open_socket(const char *kind) {
  int family = strchr(kind, '6') ? AF_INET6 : AF_INET, type = kind[0] == 'u' ? SOCK_DGRAM : SOCK_STREAM;
  int fd = socket(family, type, kind[0] == 'm' ? IPPROTO_MPTCP : 0);
  if (fd < 0) die("socket");
  /* An answer that never comes is a failed test, not one that hangs. */
  set_patience(fd, 5000);
  return fd;
}

static void receive(int fd, int with_sender) {
  char text[256], sender[64];
  union endpoint from;
  socklen_t size = sizeof(from);
  ssize_t length = with_sender ? recvfrom(fd, text, sizeof(text) - 1, 0, &from.any, &size)
                               : recv(fd, text, sizeof(text) - 1, 0);
  if (length < 0) return answer_error();
  text[length] = 0;
  if (!with_sender) {
    puts(text);
    return;
  }
  format_endpoint(&from, sender, sizeof(sender));
  printf("%s from %s\n", text, sender);
}

static void spread(int count, const char *kind, const char *ip, const char *port) {
  static char peers[MAX_PEERS][64];
  static int met[MAX_PEERS];
  int known = 0;
  union endpoint to;
  socklen_t size = parse_endpoint(&to, ip, port);
  struct linger at_once = {.l_onoff = 1};
  while (count--) {
    int fd = open_socket(kind);
    char name[64];
    if (connect(fd, &to.any, size)) {
      snprintf(name, sizeof(name), "%s", strerrorname_np(errno));
    } else {
      union endpoint peer;
      socklen_t length = sizeof(peer);
      getpeername(fd, &peer.any, &length);
      format_endpoint(&peer, name, sizeof(name));
    }
    if (kind[0] == 't') setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(fd);
    int i = 0;
    while (i < known && strcmp(peers[i], name)) i++;
    if (i == MAX_PEERS) die("too many peers");
    if (i == known) {
      strcpy(peers[known++], name);
      met[i] = 0;
    }
    met[i]++;
  }
  for (int i = 0; i < known; i++) printf("%s%s %d", i ? ", " : "", peers[i], met[i]);
  puts("");
}

int main(void) {
  char line[256];
  while (fgets(line, sizeof(line), stdin)) {
    char verb[16] = "", a[64] = "", b[64] = "", c[64] = "", d[64] = "";
    sscanf(line, "%15s %63s %63s %63s %63s", verb, a, b, c, d);
    if (!strcmp(verb, "spread")) {
      spread(atoi(a), b, c, d);
      fflush(stdout);
      continue;
    }
    int id = atoi(a);
    if (id < 0 || id >= MAX_SOCKETS) return 2;
    union endpoint to;
    socklen_t size = sizeof(to);
    if (!strcmp(verb, "open")) {
      sockets[id] = open_socket(b);
      puts("ok");
    } else if (!strcmp(verb, "connect")) {
      size = parse_endpoint(&to, b, c);
      answer(connect(sockets[id], &to.any, size));
    } else if (!strcmp(verb, "bind")) {
      size = parse_endpoint(&to, b, c);
      answer(bind(sockets[id], &to.any, size));
    } else if (!strcmp(verb, "patience")) {
      answer(set_patience(sockets[id], atoi(b)));
    } else if (!strcmp(verb, "peer")) {
      char text[64];
      if (getpeername(sockets[id], &to.any, &size)) {
        answer_error();
      } else {
        format_endpoint(&to, text, sizeof(text));
        puts(text);
      }
    } else if (!strcmp(verb, "send")) {
      size = parse_endpoint(&to, b, c);
      answer(sendto(sockets[id], "x", 1, 0, &to.any, size));
    } else if (!strcmp(verb, "receive")) {
      receive(sockets[id], 1);
    } else if (!strcmp(verb, "read")) {
      receive(sockets[id], 0);
    } else if (!strcmp(verb, "close")) {
      answer(close(sockets[id]));
    } else {
      return 2;
    }
    fflush(stdout);
  }
}
