/* Types that do not fit. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum state { FREE, USED };
enum kind { SMALL, LARGE };
struct pair { int a, b; };
struct triple { struct pair pair; int c; };
typedef void (*callback)(void *);

static struct pair half = { .a = 1 }, first = { 1 };
static struct triple flat = { 1, 2, 3 }, twice = { .c = 1, .c = 2 };

static int compare(enum state state, bool flag, unsigned size, int n, char c, char *text)
{
	if (state == LARGE) n++;
	if (flag == 2) n++;
	if (size < n) n++;
	if (size >= 0) n++;
	if (!n == 3) n++;
	if (n == n) n++;
	if (n << 1) n++;
	if (text == '\0') n++;
	if (text < 0) n++;
	if (text >= 0) n++;
	if (text[0] == "a") n++;
	if (n % 2 == 3) n++;
	if (half.a < 0 && n & 1 == 0) n++;
	if (!text & 1) n++;
	state = SMALL;
	n = n / 0;
	n = n << 40;
	n = n << -1;
	n = -1 << 3;
	n = 1 << 31 << 1;
	n = 5 << 30;
	n = ~flag;
	flag++;
	n = sizeof(sizeof(n));
	n = sizeof(n++);
	n = 'ab';
	n = abs(1.5);
	n = n++ + n++;
	return n + flat.c + twice.c + first.b + c + state;
}

static int convert(struct pair *pair, const char *fixed, void *any, long large, int small)
{
	unsigned char *bytes = fixed;
	struct pair *other = large;
	callback call = (callback)convert;
	int cells[3] = { 0 };
	const int rows[2][3] = { { 0 } };
	int (*row)[3] = rows;
	char text[4], index = 0;

	pair = (struct pair *)small;
	small = (int)pair;
	pair = fixed;
	any = any + 1;
	bytes = text;
	cells[index] = 1;
	memset(cells, 0, 3);
	memset(cells, 3, 0);
	memset(pair, 0, sizeof(pair));
	small = sizeof(pair) / sizeof(pair[0]);
	small = sizeof(cells) / sizeof(char);
	call(bytes);
	return row[0][0] + other->a + large + small + undeclared(any);
}

static int size_of(int cells[3])
{
	return sizeof(cells);
}

static int *local(void)
{
	int value = 3;

	return &value;
}

static void nothing(int x)
{
	return x;
}

static const int constant(void)
{
	return 1;
}

untyped(void)
{
	return 1;
}

int static turned_round(parameter)
{
	return parameter;
}

static const const int again = 1;

void main(long count)
{
	printf("%d %s\n", count, again);
	printf("%d\n", 1, 2);
	printf("a\0b");
	printf("");
	nothing(compare(0, 0, 0, 0, 0, ""));
	nothing(convert(NULL, "", NULL, 0, 0) + size_of(NULL) + *local() + constant());
	nothing(untyped() + turned_round(1));
}
