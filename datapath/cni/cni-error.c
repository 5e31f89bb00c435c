#include "cni-error.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_VERSION 16
#define MAX_DETAILS 1024

bool print(const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t wrote = write(STDOUT_FILENO, bytes, size);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return false;
		bytes += wrote;
		size -= (size_t)wrote;
	}
	return true;
}

struct text spoken_version(struct text text)
{
	bool plain = text.size > 0 && text.size <= MAX_VERSION;

	for (size_t i = 0; plain && i < text.size; i++)
		plain = text.at[i] == '.' || (text.at[i] >= '0' && text.at[i] <= '9');
	return plain ? text : (struct text){ CNI_NEWEST, strlen(CNI_NEWEST) };
}

/* What JSON does not allow in a string, and what may be no UTF-8, becomes a question mark; quotes become single ones. */
static void make_plain(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			*text = '\'';
		else if (*text < 0x20 || *text > 0x7e)
			*text = '?';
	}
}

void fail(struct text version, enum cni_error code, const char *message, const char *details, ...)
{
	static char said[MAX_DETAILS], object[MAX_DETAILS + 256];
	struct text spoken = spoken_version(version);
	va_list arguments;

	va_start(arguments, details);
	vsnprintf(said, sizeof(said), details, arguments);
	va_end(arguments);
	make_plain(said);
	int size = snprintf(object, sizeof(object), "{\"cniVersion\":\"%.*s\",\"code\":%d,\"msg\":\"%s\",\"details\":\"%s\"}\n",
			    (int)spoken.size, spoken.at, code, message, said);
	print(object, size < (int)sizeof(object) ? (size_t)size : sizeof(object) - 1);
	exit(1);
}
