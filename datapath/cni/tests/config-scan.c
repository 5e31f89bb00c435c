/*
 * Scans the documents on standard input, each behind its size (u32, big-endian), and answers each with a line:
 * `refused`, or the two fields in hex, `-` for one that is absent. Every document lies in memory of exactly its size, so
 * that the address sanitizer sees a byte that is read beyond its end.
 */
#include "../config-scan.h"
#include <stdio.h>
#include <stdlib.h>

static void show(struct text text)
{
	if (text.at == NULL)
		printf(" -");
	else
		printf(" ");
	for (size_t i = 0; text.at != NULL && i < text.size; i++)
		printf("%02x", (unsigned char)text.at[i]);
}

int main(void)
{
	unsigned char head[4];

	while (fread(head, 1, sizeof(head), stdin) == sizeof(head)) {
		size_t size = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
		char *document = malloc(size);
		struct config_scan found;

		if ((document == NULL && size > 0) || fread(document, 1, size, stdin) != size)
			return 2;
		if (config_scan(document, size, &found)) {
			printf("found");
			show(found.cni_version);
			show(found.agent_socket);
			printf("\n");
		} else {
			printf("refused\n");
		}
		free(document);
	}
	return 0;
}
