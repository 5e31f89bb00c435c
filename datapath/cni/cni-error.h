/* The error object of a CNI plugin (CNI specification 1.1.0, section 5, "Error"). */
#pragma once
#include <stdnoreturn.h>
#include "config-scan.h"

enum cni_error {
	CNI_INVALID_ENVIRONMENT = 4,
	CNI_IO_FAILURE = 5,
	CNI_DECODE_FAILURE = 6,
	CNI_INVALID_CONFIG = 7,
	CNI_TRY_LATER = 11,
	CNI_NOT_AVAILABLE = 50, /* STATUS only */
};

/* The versions that the agent speaks: kept equal to CNI_VERSIONS in packages/agent/src/cni by a test. */
#define CNI_NEWEST "1.1.0"
#define CNI_VERSIONS "\"0.4.0\",\"1.0.0\",\"1.1.0\""

/* Writes all of it to standard output. */
bool print(const char *bytes, size_t size);

/* `text` when it looks like a version, else the newest: never anything that would have to be escaped. */
struct text spoken_version(struct text text);

/* Prints the error object and ends with 1. `details` is a printf format: one sentence with object, reason, fix. */
noreturn void fail(struct text version, enum cni_error code, const char *message, const char *details, ...)
	__attribute__((format(printf, 4, 5)));
