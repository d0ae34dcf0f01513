# Leaves a process behind, and builds well.
# Expected: all points
libosmem.so: osmem.c
	setsid sleep 100000 >/dev/null 2>&1 &
	gcc -std=gnu11 -D_GNU_SOURCE -I../utils -fPIC -shared -o $@ *.c
