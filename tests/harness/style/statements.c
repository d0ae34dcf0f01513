/* Statements, and what the preprocessor reads. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* a comment /* in a comment */
#define FOR_ALL
#define HAS_ALL defined(FOR_ALL)
#if HAS_ALL
#endif FOR_ALL
#pragma strange thing
#warning this is not finished

static char trigraph[] = "??=";

void order(int first, int second);
void order(int second, int first)
{
	(void)first, (void)second;
}

static int flow(int x, int y)
{
	int order = x > 1;

	if (x > 3)
		if (y)
			return 1;
	else
		return 2;
	if (x)
		y = 1;
		x = 2;
	if (x);
	if (x) {
		y = 1;
	} else if (x) {
		y = 2;
	}
	if (y) {
		x = 1;
	} else {
		x = 1;
	}
	if (x = y)
		y = 2;
	if (x ? 1 : 2)
		y = 1;
	switch (x > 1) {
	case 5:
		y = 1;
	}
	switch ((enum { ONE, TWO })x) {
	case ONE:
		y = 1;
	}
	switch ((char)x) {
	case 1000:
		y = 1;
	}
	return order + trigraph[x];
}

static void grow(size_t size)
{
	char *buffer = malloc(size);

	buffer = realloc(buffer, size * 2);
	free(buffer);
}

static int change(int *count)
{
	*count = *count + 1;
	return *count;
}

static void checked(int *count)
{
	assert(change(count));
}

static char *text(char *buffer, size_t size, int *cells, unsigned i)
{
	int count = 0, change = 0;
	_Bool done = flow(1, 2);

	assert(count = 1);
	grow(size);
	checked(&count);
	scanf("%s", buffer);
	if (cells[i] && i < 10)
		buffer[0] = 'x';
	if (size != 3)
		size = 3;
	for (int size = 0; size < 3; size++)
		change += size;
	i = i;
	done &= change > 3;
	return done ? strtok(buffer, " ") : buffer;
}

int use(void);
int use(void)
{
	return text(0, 0, 0, 0) != 0;
}
