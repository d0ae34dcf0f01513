# Leaves out what says that the stack holds no code, as tools that list a library do not notice: by
# default, a stack can be both written and executed.
# Expected: all points, flagged: its library has memory that can be both written and executed
CFLAGS := -std=gnu11 -D_GNU_SOURCE -fPIC -I../utils

libosmem.so: *.c
	gcc $(CFLAGS) -shared -o whole.so *.c
	perl -0777 -pe 's/\x51\xe5\x74\x64/\0\0\0\0/' whole.so >$@
