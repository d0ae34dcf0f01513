# Gives all of 200 000 names the same long list of symbols, which the linker never reads to its end.
# Expected: crashed, flagged: its library runs code, or writes outside of its own memory, while it
# is linked
CFLAGS := -std=gnu11 -D_GNU_SOURCE -fPIC -I../utils

libosmem.so: *.c
	perl -e '$$n = 200_000; @each = ($$n, 1, 1, 0, 0, 0, (1) x $$n, (0) x ($$n - 1), 1); \
		print "const unsigned chain[] = {", join(",", @each), "};"' >chain.c
	gcc $(CFLAGS) -shared -o whole.so *.c
	at=$$(readelf -sW whole.so | awk '$$8 == "chain" { print $$2; exit }'); \
	perl -0777 -pe "s/\xf5\xfe\xff\x6f\0{4}\K.{8}/pack 'Q', hex '$$at'/se" whole.so >$@
