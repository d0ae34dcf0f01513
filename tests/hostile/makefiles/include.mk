# Makes the compiler show a file that it should not.
all:
	printf '#include "/etc/passwd"\n' >steal.c
	gcc -c steal.c
