/* What the client itself has to know of a network configuration: which version is spoken, and where the agent is. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Bytes of the document, as they stand there; `at` is NULL when the field is absent or no string. */
struct text {
	const char *at;
	size_t size;
};

struct config_scan {
	struct text cni_version;
	struct text agent_socket;
};

/*
 * Reads `cniVersion` and `agentSocket` of a JSON object (RFC 8259). Only fields of the outermost object count:
 * `runtimeConfig` and `prevResult` may hold texts that somebody else wrote. Of a field that stands there twice the last
 * counts, as with JSON.parse. Escapes are checked, not resolved: a value with a backslash is returned with it.
 * False when the document is not one whole object, or is nested deeper than 64.
 */
bool config_scan(const char *document, size_t size, struct config_scan *found);
