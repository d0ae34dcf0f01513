# Asks the linker for all that could put a library before others, or in their place: to audit the
# program, to be initialised first, to be found first, to be called libc, to help another library,
# and to have libc's function of the same version.
# Expected: all points
CFLAGS := -std=gnu11 -D_GNU_SOURCE -fPIC -I../utils
OPTIONS := -z,initfirst,-z,interpose,-Bsymbolic,--audit=libosmem.so,--depaudit=libosmem.so
OPTIONS := $(OPTIONS),-soname=libc.so.6,-f,libm.so.6,--version-script=versions

libosmem.so: *.c
	printf 'long mine(void) { return -1; }\n__asm__(".symver mine,syscall@@GLIBC_2.2.5");' >mine.c
	printf 'GLIBC_2.2.5 { global: syscall; os_*; };' >versions
	gcc $(CFLAGS) -shared -nostartfiles -Wl,$(OPTIONS) -o $@ *.c
