/* Is included more than once. */
#ifndef BLOCKS_H
#define BLOCKS_H
#include <stddef.h>

struct block {
	size_t size;
	int used;
	struct block *next;
};

static int count(struct block *first)
{
	int n = 0, m;

	for (; first; first = first->next)
		n++;
	return n;
}
#endif
