/*
 * Connections of a client over TCP, one command a line, one line of answer:
 *   targets PORT IP…       what `time` dials, one after the other and over and over; `ok`
 *   time COUNT             connects as often; median and 90th percentile in ns, and how many failed
 *   until NAME IP PORT     connects until NAME answers; CLOCK_MONOTONIC in ns when it began that connect, when the
 *                          answer was there, and how many connects failed before it
 */
#include "common.h"

#include <time.h>

#define MAX_TIMED 100000
#define MAX_TARGETS 100000
#define PACE_NS 100000

static union endpoint targets[MAX_TARGETS];
static socklen_t sizes[MAX_TARGETS];
static int known, at;

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000L + time.tv_nsec;
}

/* A socket on which nothing takes longer than a second, and which leaves no state behind. */
static int open_socket(int family) {
  struct timeval patience = {.tv_sec = 1};
  struct linger at_once = {.l_onoff = 1};
  int fd = socket(family, SOCK_STREAM, 0);
  if (fd < 0) die("socket");
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  return fd;
}

static int by_value(const void *a, const void *b) {
  long x = *(const long *)a, y = *(const long *)b;
  return (x > y) - (x < y);
}

static void read_targets(char *rest) {
  char *port = strtok_r(NULL, " \n", &rest), *ip;
  known = at = 0;
  while (known < MAX_TARGETS && (ip = strtok_r(NULL, " \n", &rest))) {
    sizes[known] = parse_endpoint(&targets[known], ip, port);
    known++;
  }
  puts("ok");
}

static void time_connects(int count) {
  static long took[MAX_TIMED];
  int done = 0, failed = 0;
  if (count < 1 || count > MAX_TIMED || !known) exit(2);
  for (int i = 0; i < count; i++) {
    int fd = open_socket(targets[at].any.sa_family);
    long before = now();
    int result = connect(fd, &targets[at].any, sizes[at]);
    long after = now();
    if (result)
      failed++;
    else
      took[done++] = after - before;
    close(fd);
    at = (at + 1) % known;
  }
  qsort(took, done, sizeof(*took), by_value);
  printf("%ld %ld %d\n", done ? took[done / 2] : 0, done ? took[done * 9 / 10] : 0, failed);
}

static void wait_for(const char *name, const char *ip, const char *port) {
  union endpoint to;
  socklen_t size = parse_endpoint(&to, ip, port);
  size_t length = strlen(name);
  struct timespec pace = {.tv_nsec = PACE_NS};
  for (long failed = 0;; nanosleep(&pace, NULL)) {
    char answer[64];
    int fd = open_socket(to.any.sa_family);
    long began = now();
    ssize_t got = connect(fd, &to.any, size) ? -1 : recv(fd, answer, sizeof(answer), 0);
    long ended = now();
    close(fd);
    if (got < 0) failed++;
    if (got != (ssize_t)length || memcmp(answer, name, length)) continue;
    printf("%ld %ld %ld\n", began, ended, failed);
    return;
  }
}

int main(void) {
  char *line = NULL;
  size_t room = 0;
  while (getline(&line, &room, stdin) > 0) {
    char *rest, *verb = strtok_r(line, " \n", &rest);
    if (!verb) return 2;
    if (!strcmp(verb, "targets")) {
      read_targets(rest);
    } else if (!strcmp(verb, "time")) {
      time_connects(atoi(rest));
    } else if (!strcmp(verb, "until")) {
      char *name = strtok_r(NULL, " \n", &rest), *ip = strtok_r(NULL, " \n", &rest);
      char *port = strtok_r(NULL, " \n", &rest);
      if (!port) return 2;
      /* echo.c names itself with address and port. */
      char full[64];
      snprintf(full, sizeof(full), "%s %s", name, port);
      wait_for(full, ip, port);
    } else {
      return 2;
    }
    fflush(stdout);
  }
}
