# Uses the processor in short-lived processes that nobody waits for.
# Expected: not built: make used more than 6 s of processor time
define SOURCE
#include <signal.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        if (fork() == 0) {
            while (clock() < CLOCKS_PER_SEC / 50)
                continue;
            _exit(0);
        }
        usleep(10000);
    }
}
endef
export SOURCE

all:
	echo "$$SOURCE" | gcc -x c -o vanishing - && ./vanishing
