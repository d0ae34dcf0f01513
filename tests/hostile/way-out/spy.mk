# Looks for what it should not see; builds well if it finds nothing.
# Expected: all points
libosmem.so: osmem.c
	for path in /etc/passwd /usr/local /usr/src /home /root /var /proc/1 /tmp/* /out; do test ! -e $$path || exit; done
	test -z "$$SECRET"
	gcc -std=gnu11 -D_GNU_SOURCE -I../utils -fPIC -shared -o $@ *.c
