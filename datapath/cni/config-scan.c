#include "config-scan.h"
#include <stdint.h>
#include <string.h>

#define MAX_DEPTH 64 /* one bit each in `objects` */

struct cursor {
	const char *at, *end;
};

enum expected { VALUE, VALUE_OR_END, KEY, KEY_OR_END, COMMA_OR_END };

static bool in(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static void skip_space(struct cursor *c)
{
	while (c->at < c->end && in(*c->at, " \t\r\n"))
		c->at++;
}

static bool take(struct cursor *c, char wanted)
{
	if (c->at == c->end || *c->at != wanted)
		return false;
	c->at++;
	return true;
}

static bool escape(struct cursor *c)
{
	if (c->at == c->end || !in(*c->at, "\"\\/bfnrtu"))
		return false;
	if (*c->at++ != 'u')
		return true;
	for (int i = 0; i < 4; i++, c->at++)
		if (c->at == c->end || !in(*c->at, "0123456789abcdefABCDEF"))
			return false;
	return true;
}

static bool string(struct cursor *c, struct text *inside)
{
	if (!take(c, '"'))
		return false;
	inside->at = c->at;
	while (c->at < c->end) {
		unsigned char byte = (unsigned char)*c->at++;

		if (byte == '"') {
			inside->size = (size_t)(c->at - inside->at) - 1;
			return true;
		}
		if (byte < 0x20 || (byte == '\\' && !escape(c)))
			return false;
	}
	return false;
}

/* A number, true, false or null. Which of them, and whether it is well formed, is the agent's to say. */
static bool word(struct cursor *c)
{
	const char *begin = c->at;

	while (c->at < c->end && in(*c->at, "+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
		c->at++;
	return c->at > begin;
}

static bool is(struct text text, const char *name)
{
	return text.size == strlen(name) && memcmp(text.at, name, text.size) == 0;
}

static struct text *field(struct config_scan *found, struct text key)
{
	if (is(key, "cniVersion"))
		return &found->cni_version;
	return is(key, "agentSocket") ? &found->agent_socket : NULL;
}

bool config_scan(const char *document, size_t size, struct config_scan *found)
{
	struct cursor c = { document, document + size };
	uint64_t objects = 1; /* bit 0 is the innermost container: 1 for an object, 0 for a list */
	unsigned int depth = 1;
	enum expected expected = KEY_OR_END;
	struct text *wanted = NULL;

	memset(found, 0, sizeof(*found));
	skip_space(&c);
	if (!take(&c, '{'))
		return false;
	while (depth > 0) {
		bool object = objects & 1;
		struct text text = { 0 };

		skip_space(&c);
		if (c.at == c.end)
			return false;
		if (expected != VALUE && expected != KEY && take(&c, object ? '}' : ']')) {
			objects >>= 1;
			depth--;
			expected = COMMA_OR_END;
		} else if (expected == COMMA_OR_END) {
			if (!take(&c, ','))
				return false;
			expected = object ? KEY : VALUE;
		} else if (expected == KEY || expected == KEY_OR_END) {
			if (!string(&c, &text))
				return false;
			skip_space(&c);
			if (!take(&c, ':'))
				return false;
			wanted = depth == 1 ? field(found, text) : NULL;
			if (wanted != NULL)
				*wanted = (struct text){ 0 };
			expected = VALUE;
		} else if (*c.at == '{' || *c.at == '[') {
			if (depth == MAX_DEPTH)
				return false;
			objects = objects << 1 | (*c.at == '{');
			depth++;
			expected = *c.at++ == '{' ? KEY_OR_END : VALUE_OR_END;
		} else {
			if (*c.at == '"' ? !string(&c, &text) : !word(&c))
				return false;
			if (depth == 1 && wanted != NULL)
				*wanted = text;
			expected = COMMA_OR_END;
		}
	}
	skip_space(&c);
	return c.at == c.end;
}
