/* Includes what is not there. */
#include "no_such_file.h"

int f(struct missing m)
{
	int unused;
	return m.x;
}
