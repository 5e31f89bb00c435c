#include "agent-call.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_HEADER 12

uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int wait_for(int fd, short events, uint64_t deadline)
{
	for (;;) {
		struct pollfd polled = { .fd = fd, .events = events };
		uint64_t now = now_ms();
		int ready = now < deadline ? poll(&polled, 1, (int)(deadline - now)) : 0;

		if (ready > 0)
			return 0;
		if (ready == 0)
			errno = ETIMEDOUT;
		if (ready == 0 || errno != EINTR)
			return -1;
	}
}

void put_u32(char *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (char)(value >> (24 - 8 * i));
}

static uint32_t get_u32(const char *at)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++)
		value = value << 8 | (unsigned char)at[i];
	return value;
}

/* A descriptor above the standard ones: with standard output closed, the socket must not take its number. */
static int open_socket(void)
{
	int low = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int high = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int reason = errno;

	if (low >= 0)
		close(low);
	errno = reason;
	return high;
}

/* Connecting waits while the agent's queue of connections is full, and gives up with EAGAIN. */
static int connect_to(const char *path, uint64_t deadline)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	uint64_t now = now_ms(), left = now < deadline ? deadline - now : 1;
	struct timeval patience = { .tv_sec = (time_t)(left / 1000), .tv_usec = (suseconds_t)(left % 1000 * 1000) };
	int fd = open_socket();

	if (fd < 0)
		return -1;
	memcpy(address.sun_path, path, strlen(path) + 1);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	int reason = errno;
	close(fd);
	errno = reason;
	return -1;
}

static bool send_all(int fd, const char *bytes, size_t size, uint64_t deadline)
{
	while (size > 0) {
		ssize_t sent = send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent < 0 && errno == EAGAIN && wait_for(fd, POLLOUT, deadline) < 0)
			return false;
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (sent > 0) {
			bytes += sent;
			size -= (size_t)sent;
		}
	}
	return true;
}

static bool receive_all(int fd, char *bytes, size_t size, uint64_t deadline)
{
	errno = 0;
	while (size > 0) {
		if (wait_for(fd, POLLIN, deadline) < 0)
			return false;
		ssize_t received = recv(fd, bytes, size, MSG_DONTWAIT);

		if (received == 0)
			return false;
		if (received < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (received > 0) {
			bytes += received;
			size -= (size_t)received;
		}
	}
	return true;
}

static bool receive_answer(int fd, uint64_t deadline, struct answer *answer)
{
	static char body[MAX_ANSWER];
	char header[ANSWER_HEADER];

	if (!receive_all(fd, header, sizeof(header), deadline))
		return false;
	uint32_t status = get_u32(header + 4), size = get_u32(header + 8);
	/* An error without an object would be the nothing that a client must never print. */
	if (memcmp(header, "CRS1", 4) != 0 || status > 1 || size > sizeof(body) || (status == 1 && size == 0))
		return false;
	if (!receive_all(fd, body, size, deadline))
		return false;
	*answer = (struct answer){ .status = (int)status, .body = body, .size = size };
	return true;
}

enum call call_agent(const char *path, char *question, size_t size, uint64_t deadline, struct answer *answer)
{
	if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return CALL_NO_PATH;
	int fd = connect_to(path, deadline);
	if (fd < 0)
		return errno == EAGAIN ? CALL_LATE : CALL_AWAY;
	memcpy(question, "CRQ1", 4);
	put_u32(question + 4, (uint32_t)size);
	/* An agent that refuses a question does so before it has read all of it: its answer counts, not the failed send. */
	bool sent = send_all(fd, question, HEADER + size, deadline);
	bool late = !sent && errno == ETIMEDOUT;
	bool answered = !late && receive_answer(fd, deadline, answer);
	late = late || (!answered && errno == ETIMEDOUT);
	close(fd);
	return answered ? CALL_ANSWERED : late ? CALL_LATE : CALL_BROKEN;
}
