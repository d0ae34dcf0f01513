# Gives something for the library that reading would wait for.
all:
	mkfifo libosmem.so
