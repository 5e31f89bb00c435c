/*
 * The CNI plugin of Carrick: it hands its environment and its input to the agent of the node, and prints the answer.
 * It decides nothing. In C, since a runtime starts it for every operation on every pod: a Node start costs 35 ms.
 */
#include "agent-call.h"
#include "cni-error.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef AGENT_SOCKET
#define AGENT_SOCKET "/run/carrick/agent.sock"
#endif
/* The agent gives up, and takes everything back, five seconds earlier (packages/agent/src/cni/server.ts). */
#ifndef PATIENCE_MS
#define PATIENCE_MS 30000
#endif
/* VERSION is asked for without input too, from a terminal or with a pipe that nobody closes. */
#define VERSION_PATIENCE_MS 1000
#define MAX_VARIABLE 4096
#define SIZE 4

static const char *const variables[] = { "CNI_COMMAND", "CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_ARGS" };
static const struct text newest = { CNI_NEWEST, sizeof(CNI_NEWEST) - 1 };

/* The whole question; the configuration is read into its place at the end. */
static char question[HEADER + MAX_QUESTION];

static const char *command(void)
{
	static const char *const known[] = { "ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION" };
	const char *given = getenv("CNI_COMMAND");

	if (given == NULL || *given == '\0')
		fail(newest, CNI_INVALID_ENVIRONMENT, "invalid environment",
		     "CNI_COMMAND is not set: this is a CNI plugin, which a container runtime starts");
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(given, known[i]) == 0)
			return known[i];
	fail(newest, CNI_INVALID_ENVIRONMENT, "invalid environment",
	     "CNI_COMMAND is %.20s, and must be ADD, DEL, CHECK, GC, STATUS or VERSION", given);
}

/* Reads to the end. The number of bytes; -1 with errno, EFBIG when there are more than `room`. */
static ssize_t read_input(char *into, size_t room, uint64_t deadline)
{
	size_t size = 0;

	for (;;) {
		char beyond;

		if (wait_for(STDIN_FILENO, POLLIN, deadline) < 0)
			return -1;
		ssize_t got = read(STDIN_FILENO, size < room ? into + size : &beyond, size < room ? room - size : 1);
		if (got == 0)
			return (ssize_t)size;
		if (got > 0 && size == room)
			errno = EFBIG;
		if ((got > 0 && size == room) || (got < 0 && errno != EINTR && errno != EAGAIN))
			return -1;
		if (got > 0)
			size += (size_t)got;
	}
}

static int print_versions(void)
{
	static char answer[256];
	struct config_scan config = { 0 };
	ssize_t size = read_input(question, MAX_QUESTION, now_ms() + VERSION_PATIENCE_MS);

	if (size < 0 || !config_scan(question, (size_t)size, &config))
		config = (struct config_scan){ 0 };
	struct text spoken = spoken_version(config.cni_version);
	int length = snprintf(answer, sizeof(answer), "{\"cniVersion\":\"%.*s\",\"supportedVersions\":[%s]}\n",
			      (int)spoken.size, spoken.at, CNI_VERSIONS);
	return print(answer, (size_t)length) ? 0 : 1;
}

/* Writes the variables behind the header; the number of bytes. */
static size_t put_variables(void)
{
	size_t used = 0;

	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++) {
		const char *value = getenv(variables[i]);
		size_t size = value == NULL ? 0 : strlen(value);

		if (size > MAX_VARIABLE)
			fail(newest, CNI_INVALID_ENVIRONMENT, "invalid environment",
			     "%s has %zu bytes, at most %d are taken: correct what the runtime passes", variables[i], size,
			     MAX_VARIABLE);
		put_u32(question + HEADER + used, (uint32_t)size);
		if (size > 0)
			memcpy(question + HEADER + used + SIZE, value, size);
		used += SIZE + size;
	}
	return used;
}

/* Where the agent listens: `agentSocket` of the configuration, since several nodes may share a machine. */
static const char *socket_path(const struct config_scan *config)
{
	static char path[MAX_VARIABLE];
	struct text given = config->agent_socket;

	if (given.at == NULL)
		return AGENT_SOCKET;
	if (given.size == 0 || *given.at != '/' || given.size >= sizeof(path) || memchr(given.at, '\\', given.size) != NULL)
		fail(config->cni_version, CNI_INVALID_CONFIG, "invalid network configuration",
		     "agentSocket must be an absolute path without backslashes: correct the network configuration");
	memcpy(path, given.at, given.size);
	path[given.size] = '\0';
	return path;
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	const char *const asked = command();
	uint64_t deadline = now_ms() + PATIENCE_MS;
	struct config_scan config = { 0 };
	struct answer answer = { 0 };

	if (strcmp(asked, "VERSION") == 0)
		return print_versions();

	size_t used = put_variables();
	char *input = question + HEADER + used + SIZE;
	ssize_t size = read_input(input, MAX_QUESTION - used - SIZE, deadline);
	if (size < 0 && errno == EFBIG)
		fail(newest, CNI_IO_FAILURE, "input too large",
		     "the network configuration on standard input has more than %zu bytes: the runtime passes too much",
		     MAX_QUESTION - used - SIZE);
	if (size < 0)
		fail(newest, CNI_IO_FAILURE, "no input", "the network configuration cannot be read from standard input: %s",
		     strerror(errno));
	put_u32(input - SIZE, (uint32_t)size);
	if (!config_scan(input, (size_t)size, &config))
		fail(newest, CNI_DECODE_FAILURE, "undecodable input",
		     "standard input (%zd bytes) is not one JSON object: the runtime must pass the network configuration", size);

	const char *path = socket_path(&config);
	enum call call = call_agent(path, question, used + SIZE + (size_t)size, deadline, &answer);
	enum cni_error retry = strcmp(asked, "STATUS") == 0 ? CNI_NOT_AVAILABLE : CNI_TRY_LATER;
	switch (call) {
	case CALL_NO_PATH:
		fail(config.cni_version, CNI_INVALID_CONFIG, "invalid network configuration",
		     "agentSocket %s is longer than a socket's path can be (107 bytes): choose a shorter one", path);
	case CALL_AWAY:
		fail(config.cni_version, retry, "agent not reachable",
		     "%s: %s; the Carrick agent of this node must run, and listen there", path, strerror(errno));
	case CALL_LATE:
		fail(config.cni_version, retry, "agent too slow",
		     "%s: the Carrick agent of this node did not answer %s within %d ms; its log says why", path, asked,
		     PATIENCE_MS);
	case CALL_BROKEN:
		fail(config.cni_version, retry, "no whole answer",
		     "%s: the Carrick agent of this node ended the connection before it had answered %s; its log says why",
		     path, asked);
	case CALL_ANSWERED:
		if (answer.status == 0 && answer.size == 0 && strcmp(asked, "ADD") == 0)
			fail(config.cni_version, retry, "no whole answer", "%s: the answer to ADD was empty", path);
	}
	return print(answer.body, answer.size) ? answer.status : 1;
}
