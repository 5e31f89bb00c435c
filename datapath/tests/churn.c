/*
 * Connects in a tight loop while a service changes: `churn CLOCK IP PORT tcp|udp`.
 *
 * CLOCK is a file that the changing side maps too: word 0 counts up before and after each change, so that it is even
 * while exactly one set of backends is right (set A when word / 2 is even, else set B); word 1 is set to end the run;
 * word 2 is how many connects there were; word 3 is set to begin to count anew, and is 0 when that is done. Set A is
 * 10.1.0.1 to .9, set B 10.1.0.11 to .19. Prints one line of JSON.
 */
#include "common.h"

#include <fcntl.h>
#include <sys/mman.h>

enum set { SET_A, SET_B, ITSELF, OTHER };

static enum set set_of(const union endpoint *peer, const union endpoint *service) {
  __u_int ip = ntohl(peer->v4.sin_addr.s_addr);
  if (ip >= 0x0a010001 && ip <= 0x0a010009) return SET_A;
  if (ip >= 0x0a01000b && ip <= 0x0a010013) return SET_B;
  return peer->v4.sin_addr.s_addr == service->v4.sin_addr.s_addr ? ITSELF : OTHER;
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  int file = open(argv[1], O_RDWR), type = argv[4][0] == 'u' ? SOCK_DGRAM : SOCK_STREAM;
  unsigned *clock = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (clock == MAP_FAILED) die(argv[1]);
  union endpoint service;
  socklen_t size = parse_endpoint(&service, argv[2], argv[3]);
  struct linger at_once = {.l_onoff = 1};
  unsigned long met[4] = {0}, failed = 0, checked = 0, wrong = 0, total = 0;
  int error = 0;
  puts("ready");
  fflush(stdout);
  while (!__atomic_load_n(&clock[1], __ATOMIC_SEQ_CST)) {
    if (__atomic_load_n(&clock[3], __ATOMIC_SEQ_CST)) {
      memset(met, 0, sizeof(met));
      failed = checked = wrong = 0;
      __atomic_store_n(&clock[3], 0, __ATOMIC_SEQ_CST);
    }
    int fd = socket(AF_INET, type, 0);
    unsigned before = __atomic_load_n(&clock[0], __ATOMIC_SEQ_CST);
    int result = connect(fd, &service.any, size);
    if (result) error = errno;
    unsigned after = __atomic_load_n(&clock[0], __ATOMIC_SEQ_CST);
    if (result) {
      failed++;
    } else {
      union endpoint peer;
      socklen_t length = sizeof(peer);
      if (getpeername(fd, &peer.any, &length)) die("getpeername");
      enum set set = set_of(&peer, &service);
      met[set]++;
      if (before == after && !(before & 1)) {
        checked++;
        if (set != (before >> 1 & 1 ? SET_B : SET_A)) wrong++;
      }
    }
    if (type == SOCK_STREAM) setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(fd);
    total++;
    __atomic_store_n(&clock[2], (unsigned)total, __ATOMIC_SEQ_CST);
  }
  printf("{\"connects\":%lu,\"failed\":%lu,\"error\":\"%s\",\"checked\":%lu,\"wrong\":%lu,\"a\":%lu,\"b\":%lu,"
         "\"itself\":%lu,\"other\":%lu}\n",
         total, failed, failed ? strerrorname_np(error) : "", checked, wrong, met[SET_A], met[SET_B], met[ITSELF],
         met[OTHER]);
}
