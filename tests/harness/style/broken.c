/* Does not compile, in more than one place. */
#include "blocks.h"

int broken(int x)
{
	int unused, y = x
	return undeclared(y);
}

int also_broken(
