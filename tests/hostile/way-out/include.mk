# Makes the compiler show a file that it should not.
# Expected: not built: make failed: steal.c:1: fatal error: /etc/passwd: No such file or directory
all:
	printf '#include "/etc/passwd"\n' >steal.c
	gcc -c steal.c
