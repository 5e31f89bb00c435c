/*
 * One question to the agent of the node and its answer, over a unix socket; integers are big-endian.
 *
 *   question  "CRQ1" u32 size, then `size` bytes: six texts, each u32 size and bytes:
 *             CNI_COMMAND, CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME, CNI_ARGS, standard input
 *   answer    "CRS1" u32 exit status (0 or 1) u32 size, then `size` bytes for standard output
 *
 * One question for each connection. A client that closes it takes an ADD back. The other side of this is
 * packages/agent/src/cni/frame.ts.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Of a whole question, and of what an answer may hold. */
#define MAX_QUESTION (1u << 20)
#define MAX_ANSWER (256u << 10)
#define HEADER 8

enum call {
	CALL_ANSWERED,
	CALL_NO_PATH, /* the path does not fit into a socket's address */
	CALL_AWAY, /* nobody listens there: errno says why */
	CALL_LATE, /* no answer within the time */
	CALL_BROKEN, /* the connection ended, or what came is no answer */
};

struct answer {
	int status;
	const char *body;
	size_t size;
};

uint64_t now_ms(void);

/* Waits until `fd` can be read or written (POLLIN, POLLOUT). -1 with ETIMEDOUT when `deadline` has passed. */
int wait_for(int fd, short events, uint64_t deadline);

/* `question` holds HEADER bytes of room, which are filled here, and `size` bytes behind them. */
enum call call_agent(const char *path, char *question, size_t size, uint64_t deadline, struct answer *answer);

void put_u32(char *at, uint32_t value);
