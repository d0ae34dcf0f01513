# Takes a file that it should not have into the library.
# Expected: not built: make failed:
all:
	printf '__asm__(".incbin \\"/etc/passwd\\"");\n' >steal.c
	gcc -shared -o libosmem.so steal.c
