# Sleeps in its build, though not for too long, and behaves.
# Expected: all points
UTILS_PATH ?= ../utils

libosmem.so:
	sleep 1
	$(CC) -std=gnu11 -D_GNU_SOURCE -g -fPIC -I$(UTILS_PATH) -shared -o $@ *.c
