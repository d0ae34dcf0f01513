/* What nobody needs. */
#include "blocks.h"

#define TWICE(x) (x); (x)

static int declared_only(void);

static int parameters(int used, int unused, int only_set)
{
	typedef int number;
	int only_assigned;

	only_assigned = used;
	only_set = used;
	goto end;
start:
	used + 1;
	"nothing";
end:
	if (used)
		TWICE(used++);
	return used;
}
